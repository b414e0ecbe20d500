//! The page in a real browser while the run goes on: what a step brings appears without a reload,
//! and the page says so when the run ends.

use std::time::Duration;

use serde_json::json;

use super::chromium::Chromium;
use super::{any, folder, quick, take};
use crate::{Dashboard, Manners};

/// Waits until an expression in the page has a value.
#[track_caller]
fn wait(chromium: &mut Chromium, expression: &str, expect: &serde_json::Value) {
    let mut got = json!(null);
    for _ in 0..500 {
        got = chromium.value(expression);
        if got == *expect {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{expression}: {got}, not {expect}");
}

#[test]
fn an_open_page_follows_the_run() {
    let Some(mut chromium) = Chromium::start() else {
        eprintln!("SKIP an_open_page_follows_the_run: no chromium on this machine");
        return;
    };
    let folder = folder();
    let manners = Manners { linger: Duration::from_secs(2), ..quick() };
    let here = Dashboard::start_with(folder.path(), any(), None, manners).unwrap();
    chromium.shape(1280, 900, false);
    chromium.open(&format!("http://{}/", here.address()));
    let heading = "document.querySelector('h2').textContent";
    assert_eq!(chromium.value(heading), "Waiting for the run's first step");
    take(folder.path(), 1, "the first words");
    here.step(1);
    // That page loads anew; from here on nothing may.
    let state = "document.querySelector('#state')?.textContent";
    wait(&mut chromium, "Boolean(document.querySelector('#live'))", &json!(true));
    chromium.value("window.mark = 7");
    let rejected = "(() => { const f = document.querySelector('#filters');
        f.elements.role.value = 'rejected';
        f.elements.role.dispatchEvent(new Event('input', {bubbles: true}));
        return document.querySelector('#found').textContent; })()";
    assert_eq!(chromium.value(rejected), "1 rejected proposal");
    take(folder.path(), 2, "<img src=x onerror=alert(1)>");
    here.step(2);
    wait(&mut chromium, state, &json!("live, step 2"));
    let found = "document.querySelector('#found').textContent";
    wait(&mut chromium, found, &json!("2 rejected proposals"));
    let entropy = "[...document.querySelectorAll('#live data')].map(data => data.value)";
    assert_eq!(chromium.value(entropy), json!(["0.5", "0.2"]));
    let nav = "[...document.querySelectorAll('nav a')].map(a => a.textContent).slice(0, 2)";
    assert_eq!(chromium.value(nav), json!(["Proposer", "Policy"]), "a section that came");
    let role = "document.querySelector('#filters').elements.role.value";
    assert_eq!(chromium.value(role), "rejected", "a choice stays");
    let numbers = "document.querySelector('#numbers').textContent";
    let expect = "0 of 0 tasks with 0 attempts in all, and 2 of 2 rejected proposals, are in this \
                  page";
    assert_eq!(chromium.value(numbers), expect);

    // What is being read is not taken away.
    chromium.value("document.querySelector('.entry').open = true");
    take(folder.path(), 3, "third");
    here.step(3);
    let expect = "2 rejected proposals; newer ones come when the open one is closed";
    wait(&mut chromium, found, &json!(expect));
    chromium.value("document.querySelector('.entry').open = false");
    wait(&mut chromium, found, &json!("3 rejected proposals"));

    take(folder.path(), 4, "last");
    here.step(4);
    drop(here);
    wait(&mut chromium, state, &json!("the run ended at step 4"));
    assert_eq!(chromium.value("window.mark"), 7, "nothing was loaded anew");
    assert_eq!(chromium.value("document.images.length"), 0);
    assert_eq!(chromium.complaints, [""; 0], "the console");
}
