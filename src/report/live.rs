//! Draws the picture of what runs now at the bottom of a terminal, below the lines that stay.

use std::io;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::printable::printable;
use super::view::{Row, View};
use crate::event::Event;

/// How often the clock is drawn.
const TICK: Duration = Duration::from_millis(250);
/// A row; its text is cut where the terminal ends.
const TEXT: &str = "  {wide_msg}";
/// A row with a bar.
const BAR: &str = "  {bar:20} {pos:>5}/{len:<5} {wide_msg}";
/// The first row: a sign of life, and the time since the command began.
const HEAD: &str = "{spinner} {msg}{elapsed}";

/// The picture on a terminal; it is wiped away when this is dropped.
#[derive(Debug)]
pub(super) struct Live {
    screen: MultiProgress,
    head: ProgressBar,
    rows: Vec<(ProgressBar, bool)>,
    view: View,
}

impl Live {
    /// Begins a picture of a command that began then.
    pub(super) fn new(began: Instant) -> Self {
        let screen = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let head = screen.add(ProgressBar::new_spinner().with_style(style(HEAD)).with_elapsed(began.elapsed()));
        head.enable_steady_tick(TICK);
        Self { screen, head, rows: Vec::new(), view: View::default() }
    }

    /// Prints a line above the picture.
    pub(super) fn line(&self, line: &str) -> io::Result<()> {
        self.screen.println(line)
    }

    /// Takes an event in and draws.
    pub(super) fn show(&mut self, event: &Event) {
        self.view.apply(event);
        let rows = self.view.rows();
        while self.rows.len() > rows.len() {
            if let Some((bar, _)) = self.rows.pop() {
                self.screen.remove(&bar);
            }
        }
        for (index, row) in rows.iter().enumerate() {
            let wants_bar = row.progress.is_some();
            if self.rows.get(index).is_none_or(|(_, has_bar)| *has_bar != wants_bar) {
                self.put(index, wants_bar);
            }
            self.draw(index, row);
        }
    }

    /// Puts a row of the right kind there.
    fn put(&mut self, index: usize, wants_bar: bool) {
        let bar = ProgressBar::no_length().with_style(style(if wants_bar { BAR } else { TEXT }));
        if let Some((old, _)) = self.rows.get(index) {
            let bar = self.screen.insert_after(old, bar);
            self.screen.remove(old);
            self.rows[index] = (bar, wants_bar);
        } else {
            self.rows.push((self.screen.add(bar), wants_bar));
        }
    }

    fn draw(&self, index: usize, row: &Row) {
        let Some((bar, _)) = self.rows.get(index) else { return };
        if let Some((done, all)) = row.progress {
            bar.set_length(all);
            bar.set_position(done);
        }
        bar.set_message(printable(&row.text));
        bar.tick();
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.head.finish_and_clear();
        // Nobody is left to tell when the terminal is gone.
        let _ = self.screen.clear();
    }
}

/// A template that is known to be one.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_templates() {
        for template in [TEXT, BAR, HEAD] {
            ProgressStyle::with_template(template).unwrap();
        }
    }
}
