//! The floating address: how soon it is taken over, how soon it leads to the right master, and what it costs.

mod calm;
mod carrier;
mod gate;
pub(crate) mod hosts;
mod masters;
mod processes;
mod sampler;
mod takeover;
mod wordcount;

use crate::Result;
use crate::arguments::Arguments;
use crate::figure::Figure;

use self::hosts::Hosts;

/// Measures all of it in a lab of three hosts that runs.
pub(crate) async fn measure(hosts: &Hosts<'_>, arguments: &Arguments) -> Result<Vec<Figure>> {
    hosts.deploy().await?;
    let mut figures = takeover::measure(hosts, arguments.rounds(20)).await?;
    figures.extend(masters::measure(hosts, arguments.rounds(10)).await?);
    Ok(figures)
}

/// Measures what it costs a WordCount.
pub(crate) async fn through(hosts: &Hosts<'_>, arguments: &Arguments) -> Result<Vec<Figure>> {
    hosts.deploy().await?;
    wordcount::measure(hosts, arguments.rounds(7), arguments.rounds(3)).await
}

/// Says why the floating address cannot be measured here, if that is so.
pub(crate) fn obstacle() -> Option<&'static str> {
    let root = nix::unistd::geteuid().is_root();
    (!root).then_some("the floating address is measured in a lab of three hosts, which only root can start")
}
