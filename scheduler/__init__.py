"""When we speak. `JOBS` is all that the bot does by the clock; each job is a plain function of `now`."""

from scheduler import broadcasts, echo, lectures, orders, push, retention, signups
from scheduler.job import Job

JOBS: tuple[Job, ...] = (
    Job("push", "按时把政策短文发到各群：答案、到日子的、上课的、轮流的", setting="push.cron", run=push.push_snippets),
    Job(
        "release_broadcasts",
        "两个人放行、定了时间的通知，到时间就发",
        setting="loop.cron",
        run=broadcasts.release_broadcasts,
    ),
    Job("chase_orders", "点单每一步过半、过期时私下提醒经办的人", setting="loop.cron", run=orders.chase_orders),
    Job("lapse_offers", "候补的位子过了时间，让给下一位", setting="loop.cron", run=signups.lapse_offers),
    Job("remind_lectures", "开课前一天晚上和开课前在群里各提醒一次", setting="loop.cron", run=lectures.remind_lectures),
    Job("close_lectures", "讲完收尾，私下问一次到场人数", setting="loop.cron", run=lectures.close_lectures),
    Job("archive_lectures", "讲完满期的课归档", setting="loop.cron", run=lectures.archive_lectures),
    Job("invite_ratings", "讲完课请大家说说，每群只问一次", setting="loop.cron", run=echo.invite_ratings),
    Job("chase_cases", "意见快到期、过期时私下提醒经办的干事", setting="loop.cron", run=echo.chase_cases),
    Job("close_polls", "投票到时间就结束，公布一次结果", setting="loop.cron", run=echo.close_polls),
    Job("retention", "每天开始清理过了保存期的个人信息", setting="retention.cron", run=retention.begin),
    Job("go_on_retention", "接着清理，一次清一批，不耽误回话", setting="loop.cron", run=retention.go_on),
)
