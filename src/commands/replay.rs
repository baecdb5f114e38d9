//! `nomspark replay`: shows a recorded run again.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::cli;
use crate::error::Result;
use crate::event::Event;
use crate::exit::Exit;
use crate::report::{Content, Ending, Format, Report, has_terminal, read_recording};

/// Runs the command.
pub(super) async fn run(arguments: &cli::Replay, report: &Report) -> Result<Exit> {
    let entries = read_recording(&arguments.recording)?;
    // Where nobody watches, nobody waits either.
    let speed = arguments.speed.or_else(|| (has_terminal() && report.format() == Format::Table).then_some(1.0));
    report.begin_live();
    let began = Instant::now();
    let mut ending = None;
    for entry in entries {
        let elapsed = Duration::from_millis(entry.elapsed_ms);
        if let Some(speed) = speed {
            sleep_until(began + elapsed.div_f64(speed)).await;
        }
        match entry.content {
            Content::Event(event) => report.event_at(elapsed, &event)?,
            Content::End(end) => ending = Some(end),
        }
    }
    match ending {
        Some(Ending { text, document, .. }) => report.shown_again(&document, &text)?,
        None => {
            let what = "the recording ends before the run did".to_owned();
            report.event(&Event::Warning { what })?;
        }
    }
    Ok(Exit::Done)
}
