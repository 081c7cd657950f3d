"""When we speak. `JOBS` is all that the bot does by the clock; each job is a plain function of `now`."""

from scheduler import push
from scheduler.job import Job

JOBS: tuple[Job, ...] = (Job("push", "按时把政策短文轮流发到各群", setting="push.cron", run=push.push_snippets),)
