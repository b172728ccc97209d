"""What tests share.

- Cases are data: `cases` reads them, `script` plays their activities, `sending` their messages, `ending` compares.
- The fake world runs them in virtual time, without Temporal: `fake_world` runs a case, `fake_effects` is the port and
  says what it models, the other `fake_*` are its parts; beside them `whole_run` and `virtual_time`.
- The real world runs them on a server: `server_world` runs a case, with `server_sending`, `scripted_workflow`,
  `history` and `waiting`. `temporal_activities` stands between the activities of both worlds.
- `processes` starts commands and ends them.
"""
