//! Watching: rounds of capturing, sampling and reading, until the one who asked has seen enough.

use std::time::{Duration, Instant};

use coroner_host::Host;
use coroner_host::capture::HAND_OVER;

use crate::clock::now;
use crate::pace::{ROUND, Round, Sampling};
use crate::stretches::Stretches;
use crate::watch::{Ask, Trouble, Watch};

impl<'a> Watch<'a> {
    /// Starts to watch: opens the capture and, where it can be had, the sampling of senders.
    ///
    /// # Errors
    /// Why nothing can be watched.
    pub fn start(host: &'a Host, ask: Ask) -> Result<Self, Trouble> {
        let mut watch = Self::open(host, ask)?;
        watch.look_first();
        Ok(watch)
    }

    /// How much is sent at all, so that the first counted round looks as long as it may. What was seen meanwhile
    /// is not counted.
    fn look_first(&mut self) {
        self.round();
        self.waiting.clear();
        self.look_away();
        self.stretches = Stretches::new(now());
        self.restart();
    }

    /// One round, some 40 milliseconds.
    pub fn round(&mut self) {
        let begun = Instant::now();
        let samples = self.seen.samples + self.seen.samples_lost;
        let whole = self.always;
        let mut within = match self.pace.sampling() {
            Sampling::Always => self.look_always(),
            Sampling::Stretch { pause, length } => self.look_for(pause, length),
            Sampling::Never => self.look_away(),
        };
        std::thread::sleep(ROUND.saturating_sub(begun.elapsed()));
        let before = std::mem::replace(&mut self.drained, Instant::now());
        let took = self.drained - before;
        if self.always {
            within = if whole { took } else { self.drained - begun };
        }
        self.sampled += within;
        self.stretches.account(now());
        let came = self.collect();
        let samples = (self.seen.samples + self.seen.samples_lost).saturating_sub(samples);
        let looked_at = samples.max(came.sent);
        self.pace.round(Round { looked_at, within, received: came.received, took });
        let share = self.pace.share();
        if share != self.share && self.capture.keep_received(share).is_ok() {
            self.share_before = (self.share, now());
            self.share = share;
        }
    }

    fn look_always(&mut self) -> Duration {
        if !self.always {
            self.begin();
            self.always = true;
        }
        Duration::ZERO
    }

    fn look_for(&mut self, pause: Duration, length: Duration) -> Duration {
        self.look_away();
        std::thread::sleep(pause);
        let begun = Instant::now();
        self.begin();
        self.checks.begin(self.host, now());
        std::thread::sleep(length);
        self.checks.end(self.host, now);
        self.end();
        begun.elapsed()
    }

    fn look_away(&mut self) -> Duration {
        if self.always {
            self.end();
            self.always = false;
            self.stretches.account(now());
        }
        Duration::ZERO
    }

    /// Samples first and captures then, so that no captured packet lacks its sample.
    fn begin(&mut self) {
        if let Some(tracepoint) = &self.tracepoint {
            tracepoint.enable();
        }
        // What the kernel refuses here it has granted before.
        let _ = self.capture.show_sent(true);
        self.stretches.begin(now());
    }

    fn end(&mut self) {
        self.stretches.end(now());
        let _ = self.capture.show_sent(false);
        if let Some(tracepoint) = &self.tracepoint {
            tracepoint.disable();
        }
    }

    /// Takes what has been captured to the end; nothing is watched after it.
    pub fn settle(&mut self) {
        self.look_away();
        std::thread::sleep(HAND_OVER);
        for _ in 0..2 {
            self.collect();
        }
    }
}
