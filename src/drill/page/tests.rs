//! The page as a whole, for every kind of drill.

use std::collections::BTreeMap;
use std::time::Duration;

use super::page;
use crate::drill::outcome::{Application, Lane, Outcome, Round, Span};
use crate::drill::scenario::{Scenario, Stage};

fn span(from_ms: i64, to_ms: i64, label: &str, good: bool) -> Span {
    Span { from_ms, to_ms, label: label.to_owned(), good }
}

fn round(number: u32, recovery: u64) -> Round {
    let stages =
        [(Stage::FaultSeen, 12), (Stage::Alive, 560), (Stage::Progressing, recovery), (Stage::Replaced, 90_000)];
    Round {
        number,
        scenario: Scenario::MasterCrash,
        fault: "SIGKILL to task master of 1a2b3c4d on borie".to_owned(),
        at: "2026-02-11T14:01:21.512Z".to_owned(),
        stages: BTreeMap::from(stages),
        missing: Vec::new(),
        recovery_ms: Some(recovery),
        recovered: true,
        app: Application {
            job: "demo-drill".to_owned(),
            survived: true,
            expected_to_end: false,
            correct: true,
            answers: 40,
        },
        two_leaders: 0,
        two_holders: 0,
        samples: 1_000,
        lanes: vec![Lane {
            name: "leader",
            spans: vec![
                span(-900, 12, "10.0.0.1:8080", true),
                span(12, 560, "nobody is ALIVE", false),
                span(560, 95_000, "10.0.0.2:8080", true),
            ],
        }],
    }
}

fn failed(number: u32) -> Round {
    let mut round = round(number, 1_600);
    round.stages = BTreeMap::from([(Stage::FaultSeen, 12)]);
    round.missing = vec![Stage::Alive, Stage::Progressing];
    round.recovery_ms = None;
    round.recovered = false;
    round
}

fn outcome(rounds: Vec<Round>, budget: Option<u64>) -> Outcome {
    let budget = budget.map(Duration::from_millis);
    Outcome::new("demo".to_owned(), "master-crash".to_owned(), "2026-02-11T14:01:02Z".to_owned(), rounds, budget)
}

/// The text between the marks, with plain spaces.
fn text(html: &str) -> String {
    let pieces = html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    pieces.collect::<String>().replace('\u{a0}', " ")
}

#[test]
fn what_servers_say_is_text() {
    let hostile = |name: &str| format!("\"'><script>{name}()</script>&amp;<img src=x onerror={name}>");
    let mut round = round(1, 1_600);
    round.fault = hostile("fault");
    round.at = hostile("at");
    round.app.job = hostile("job");
    // Wide enough to be written into the bar, too.
    round.lanes[0].spans = vec![span(-900, 200_000, &hostile("label"), true)];
    round.missing = vec![Stage::WorkersBack];
    round.recovery_ms = Some(600_000);
    round.stages.insert(Stage::Progressing, 600_000);
    let mut outcome = outcome(vec![round], None);
    outcome.cluster = hostile("cluster");
    outcome.scenario = hostile("scenario");
    outcome.began = hostile("began");
    let page = page(&outcome);
    assert!(!page.contains("<script"), "{page}");
    assert!(!page.contains("<img"), "{page}");
    assert!(!page.contains("\"'>"), "an attribute ends early");
    for name in ["fault", "at", "job", "label", "cluster", "scenario", "began"] {
        assert!(page.contains(&format!("&lt;script&gt;{name}()&lt;/script&gt;&amp;amp;")), "{name} is missing");
    }
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    let page = page(&outcome(vec![round(1, 1_600), failed(2)], Some(5_000)));
    for needle in ["<script", "src=", "url(", "@import", "http://", "https://"] {
        assert!(!page.contains(needle), "{needle}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn a_drill_without_rounds_says_so() {
    let page = page(&outcome(Vec::new(), Some(2_000)));
    assert!(text(&page).contains("Nothing was tried: the drill has no rounds."));
    assert!(!page.contains("<svg"));
    assert!(text(&page).contains("How to read this page"));
}

#[test]
fn a_drill_that_passed() {
    let html = page(&outcome(vec![round(1, 1_600), round(2, 1_700), round(3, 1_500)], Some(5_000)));
    let text = text(&html);
    assert!(text.contains(
        "Passed: the cluster worked again for its users within 1.70 s of each of 3 faults; the budget is 5 s."
    ));
    assert!(text.contains("replaced after 90.0 s →"));
    assert!(text.contains("survived and gave 40 answers, all right"));
    assert!(text.contains("leader: nobody is ALIVE, from 12 ms to 560 ms"));
    // The first and the slowest one.
    assert_eq!(html.matches("<details class=\"round\" open>").count(), 2);
    assert_eq!(html.matches("<details class=\"round\"").count(), 3);
}

#[test]
fn a_round_that_never_recovered_is_open_and_told_at_the_top() {
    let html = page(&outcome(vec![round(1, 1_600), round(2, 1_500), failed(3)], Some(5_000)));
    let text = text(&html);
    assert!(text.contains("Fell short: the cluster worked again for its users after 2 of 3 faults only."));
    assert!(text.contains("master-crash 3: never reached: ALIVE, progressing"));
    assert!(text.contains("never: ALIVE, progressing"));
    assert!(text.contains("1 × never"));
    assert!(text.contains("not recovered"));
    let body = html.find("id=\"master-crash-3\"").expect("the round is there");
    let open = html[..body].rfind("<details").expect("it is a section");
    assert!(html[open..body].starts_with("<details class=\"round\" open>"));
}

#[test]
fn a_round_over_the_budget_is_open() {
    let html = page(&outcome(vec![round(1, 1_000), round(2, 2_400), round(3, 2_300)], Some(2_000)));
    assert!(text(&html).contains("within 2.40 s of each of 3 faults; the budget is 2 s."));
    assert!(text(&html).contains("took 2.30 s, the budget is 2 s"));
    assert_eq!(html.matches("<details class=\"round\" open>").count(), 3);
}

#[test]
fn fifty_rounds_are_all_there_and_mostly_closed() {
    let rounds = (1..=50).map(|number| round(number, 1_500 + u64::from(number) * 37 % 400)).collect();
    let html = page(&outcome(rounds, None));
    assert_eq!(html.matches("<details class=\"round\"").count(), 50);
    assert_eq!(html.matches("<details class=\"round\" open>").count(), 2);
    assert_eq!(html.matches("class=\"dot\"").count(), 50);
    for number in 1..=50 {
        assert!(html.contains(&format!("href=\"#master-crash-{number}\"")));
        assert!(html.contains(&format!("id=\"master-crash-{number}\"")));
    }
}

#[test]
fn absurd_times_are_drawn_as_well() {
    let mut absurd = round(1, u64::MAX);
    absurd.stages = BTreeMap::from([(Stage::Alive, u64::MAX), (Stage::Progressing, 0), (Stage::Replaced, u64::MAX)]);
    absurd.lanes[0].spans =
        vec![span(i64::MIN, i64::MAX, "", true), span(5, 5, "moment", false), span(9, 2, "", false)];
    let mut empty = failed(2);
    empty.stages.clear();
    empty.missing.clear();
    empty.lanes.clear();
    let html = page(&outcome(vec![absurd, empty], Some(u64::MAX)));
    assert!(html.ends_with("</html>"));
}
