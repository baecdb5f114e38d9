//! `nomspark logs`: what a job's tasks write.

mod children;
mod no_log;
mod output;
mod reading;
mod whole_job;

use std::collections::BTreeSet;

use super::cluster;
use super::context::Context;
use super::watch::no_child;
use crate::cli;
use crate::error::Result;
use crate::event::Event;
use crate::exit::Exit;
use crate::logs::{Selection, newest_runner};
use crate::nomad::files::LogStream;
use crate::nomad::jobs::Job;
use crate::watch::Error;

use reading::Reading;

/// Runs the command.
pub(super) async fn run(arguments: &cli::Logs, context: &Context<'_>) -> Result<Exit> {
    let reading = Reading::new(context, arguments)?;
    let selection = selection(arguments);
    let job = find_job(arguments, context).await?;
    match (job.starts_others(), arguments.follow) {
        (true, true) => children::follow(&job.id, &selection, reading).await?,
        (true, false) => whole_job::read(&newest(&job, context).await?, &selection, reading).await?,
        (false, _) => whole_job::read(&job.id, &selection, reading).await?,
    }
    Ok(Exit::Done)
}

fn selection(arguments: &cli::Logs) -> Selection {
    let mut streams = BTreeSet::from([LogStream::Stdout, LogStream::Stderr]);
    if arguments.stdout {
        streams.remove(&LogStream::Stderr);
    }
    if arguments.stderr {
        streams.remove(&LogStream::Stdout);
    }
    Selection { allocation: arguments.alloc.clone(), task: arguments.task.clone(), streams }
}

/// The job of that id, or the job of the cluster whose id ends so; where both are there, it is reported which one is read.
async fn find_job(arguments: &cli::Logs, context: &Context<'_>) -> Result<Job> {
    let (id, of_cluster) = (arguments.job.clone(), format!("{}-{}", cluster::name(&arguments.cluster)?, arguments.job));
    let (own, clusters) = tokio::try_join!(context.nomad.find_job(&id), context.nomad.find_job(&of_cluster))?;
    if own.is_some() && clusters.is_some() {
        let what =
            format!("Nomad has a job {id} of that very name, which is read: `logs {of_cluster}` reads the cluster's");
        context.report.event(&Event::Warning { what })?;
    }
    Ok(own.or(clusters).ok_or(Error::NoJob { job: id })?)
}

/// The newest job that one started which runs nothing itself.
async fn newest(parent: &Job, context: &Context<'_>) -> Result<String> {
    let Some(newest) = newest_runner(&context.nomad, &parent.id).await? else {
        return Err(no_child(parent).into());
    };
    let what = format!("{} runs nothing itself: this reads {newest}, the newest job that it started", parent.id);
    context.report.event(&Event::Warning { what })?;
    Ok(newest)
}
