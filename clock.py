"""The clock: `python clock.py`. Several may run; each turn of each job is taken by one of them.

APScheduler looks every few seconds whether a job's slot is open; a slot that was missed while no clock ran is made up
for. A job that fails is logged, counted, and repeated a few times until its next slot; it never ends the clock.
"""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from functools import partial

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

import config
import db
from services import counters, logs, mail, ticks
from services.desk import VIETNAM, Desk, Nudge, no_nudge
from services.loop import LoopThread
from services.schedule import JOBS, MAIL, Job
from texts import load
from texts.mail import render

log = structlog.get_logger(__name__)

LOOK_EVERY = 5  # seconds
GRACE = 18.0


class Clock:
    """The scheduler, and the loop its jobs run in."""

    def __init__(self, settings: config.Settings, nudge: Nudge = no_nudge) -> None:
        self._settings = settings
        self._nudge = nudge
        self._loop = LoopThread("clock")
        self._scheduler = BackgroundScheduler(timezone=VIETNAM)
        self._ended = threading.Event()
        self._desk: Desk

    def serve(self) -> None:
        """Run until TERM or INT, at whatever moment it comes; what is under way then may end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        db.open_database(self._settings.database)
        self._loop.start()
        self._desk = self._loop.run(self._make_desk(), 10)
        jobs = (*JOBS, mail_job())
        for job in jobs:
            self._scheduler.add_job(
                self._turn,
                "interval",
                seconds=LOOK_EVERY,
                args=[job],
                id=job.name,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
                next_run_time=datetime.now(UTC),
            )
        self._scheduler.start()
        log.info("clock_started", jobs=[job.name for job in jobs])
        self._ended.wait()
        self._scheduler.shutdown(wait=False)
        self._loop.close(GRACE, self._desk.close)
        db.close_database()

    def _turn(self, job: Job) -> None:
        try:
            run_job(self._desk, self._loop, job)
        except Exception as problem:
            log.exception("clock_broke", job=job.name, problem=type(problem).__name__)

    def _stop(self, number: int, frame: object) -> None:
        self._ended.set()

    async def _make_desk(self) -> Desk:
        return Desk.from_settings(self._settings, self._nudge)


def mail_job() -> Job:
    """Urgent notices by e-mail: the letter needs words, and services know none."""
    return Job(MAIL.name, MAIL.slot, partial(mail.send_late, render=partial(render, load())))


def run_job(desk: Desk, loop: LoopThread, job: Job) -> bool:
    """Do the job if its slot is open; True when this clock took it. A failure is logged and counted."""
    slot = job.slot(desk.now())
    with db.database.connection_context():
        attempt = ticks.take(desk.now(), job.name, slot)
        if not attempt:
            return False
    error = ""
    try:
        done = loop.run(job.act(desk))
        log.debug("clock_done", job=job.name, done=done)
    except Exception as problem:
        error = type(problem).__name__
        log.exception("clock_job_failed", job=job.name, problem=error)
    with db.database.connection_context():
        ticks.end(desk.now(), job.name, slot, attempt, error)
        if error:
            counters.add(desk.now(), "clock_job_failed")
    return True


def main() -> None:
    """Start the clock with the settings of the environment."""
    try:
        settings = config.load()
    except config.ConfigError as problem:
        raise SystemExit(f"OA Desk does not start: {problem}") from None
    logs.setup(settings.log_level, secrets=settings.secrets())
    Clock(settings, _nudge()).serve()


def _nudge() -> Nudge:
    import jobs  # here, not above: importing the clock (tests do) must not read the environment

    return jobs.nudge


if __name__ == "__main__":
    main()
