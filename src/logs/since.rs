//! Leaves out what was written before a moment, as far as lines say when they were written. Pure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::times::Times;

/// The lines of one log that were written at a moment or later. A line that tells no time is as old as the one before.
#[derive(Clone, Copy, Debug)]
pub struct Since {
    moment: SystemTime,
    times: Times,
    is_reached: bool,
    /// Whether there was a line, and whether any said when it was written.
    has_read: bool,
    knows_time: bool,
}

impl Since {
    /// From this moment on, in whole seconds: many lines tell no more. `now` is when it is asked.
    #[must_use]
    pub fn new(moment: SystemTime, now: SystemTime) -> Self {
        let seconds = moment.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let moment = UNIX_EPOCH + Duration::from_secs(seconds);
        Self { moment, times: Times::as_of(now), is_reached: false, has_read: false, knows_time: false }
    }

    /// Whether the next line of the log is told.
    pub fn keeps(&mut self, line: &[u8]) -> bool {
        self.has_read = true;
        // What was written later comes later.
        if !self.is_reached {
            let time = self.times.of(line);
            self.knows_time |= time.is_some();
            self.is_reached = time.is_some_and(|time| time >= self.moment);
        }
        self.is_reached
    }

    /// Whether there were lines, and none said when it was written: then nothing could be chosen.
    #[must_use]
    pub fn could_not_choose(&self) -> bool {
        self.has_read && !self.knows_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_a_time_is_as_old_as_the_one_before() {
        let moment = humantime::parse_rfc3339("2026-11-22T07:50:00.5Z").unwrap();
        let mut since = Since::new(moment, moment);
        let mut kept = |line: &str| since.keeps(line.as_bytes());
        assert!(!kept("no time"));
        assert!(!kept("26/11/22 07:49:59 ERROR old"));
        assert!(!kept("\tat org.example.Main.main(Main.java:7)"));
        assert!(kept("26/11/22 07:50:00 ERROR new"));
        assert!(kept("\tat org.example.Main.main(Main.java:7)"));
        assert!(!since.could_not_choose());
    }
}
