//! The logs of all jobs that a periodic or a parameterized one starts, as they come.

use std::collections::BTreeSet;

use super::reading::Reading;
use crate::error::Result;
use crate::event::Event;
use crate::logs::{ChildrenSeen, Family, Selection, Until, follow_children};
use crate::nomad::allocations::Allocation;

/// A broken connection is worth a line when the next one does not come either.
const WORTH_TELLING: u32 = 2;

/// Follows the jobs that one starts, until all that were seen have ended.
pub(super) async fn follow(parent: &str, selection: &Selection, mut reading: Reading<'_>) -> Result<()> {
    let report = reading.context().report;
    let mut seen = follow_children(reading.context().nomad.clone(), parent.to_owned());
    let (mut told, mut away) = (BTreeSet::new(), 0);
    reading.name_lines(true);
    loop {
        let look = tokio::select! {
            piece = reading.next() => {
                piece?;
                continue;
            }
            look = seen.recv() => look,
        };
        match look {
            Some(ChildrenSeen::Family(family)) => {
                if away >= WORTH_TELLING {
                    report.event(&Event::Reconnected { service: "Nomad".into() })?;
                }
                away = 0;
                for child in &family.children {
                    if told.insert(child.id.clone()) {
                        let what = format!("{parent} runs nothing itself: this follows {}, which it started", child.id);
                        report.event(&Event::Warning { what })?;
                    }
                }
                read(&family, selection, &mut reading);
                if family.is_over || is_read(&family, selection) {
                    return reading.finish().await;
                }
            }
            Some(ChildrenSeen::Away(reason)) => {
                away += 1;
                if away == WORTH_TELLING {
                    report.event(&Event::Disconnected { service: "Nomad".into(), reason })?;
                }
            }
            Some(ChildrenSeen::Refused(error)) => return Err(error.into()),
            None => return reading.finish().await,
        }
    }
}

fn read(family: &Family, selection: &Selection, reading: &mut Reading<'_>) {
    for allocation in family.allocations().filter(|allocation| selection.is_named(allocation)) {
        let until = if allocation.is_terminal() { Until::TaskEnded } else { Until::Open };
        reading.read(selection.logs([allocation]), until);
    }
    reading.has_begun();
}

/// Whether the allocations that were named have ended.
fn is_read(family: &Family, selection: &Selection) -> bool {
    let mut named = family.allocations().filter(|allocation| selection.is_named(allocation)).peekable();
    selection.allocation.is_some() && named.peek().is_some() && named.all(Allocation::is_terminal)
}
