"""Who embeds Stepfile traces runs with this plugin; it needs the extra `otel`.

    from stepfile.opentelemetry import TracePlugin

    client = await connect(plugins=[TracePlugin()])

The commands need no code: `OTEL_TRACES_EXPORTER=otlp` switches their traces on.
"""

from stepfile._own_packages import require_own_packages

require_own_packages()

try:
    from interpreter.temporal.tracing.plugin import TracePlugin
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "opentelemetry":
        raise
    raise ImportError(f"{error}: traces need the extra: pip install 'stepfile[otel]'") from None

__all__ = ["TracePlugin"]
