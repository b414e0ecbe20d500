//! The page in a real browser, opened as a file: nothing complains, curves are drawn, search and
//! filters work, a phone needs no sideways scrolling, and hostile text stays text.

use serde_json::json;

use super::chromium::Chromium;
use super::hostile::{HOSTILE, attempt, store};
use super::{METRICS, folder};
use crate::{Budget, Experience, Run, page};

/// A run's page as a file.
fn written(n_tasks: usize, said: &str) -> (tempfile::TempDir, String) {
    let folder = folder(METRICS, "[run]\nsteps = 9\n");
    attempt(&store(folder.path(), n_tasks), 8, said);
    let run = Run::load(folder.path()).unwrap();
    let experience = Experience::read(folder.path(), &Budget::default()).unwrap();
    let at = folder.path().join("report.html");
    std::fs::write(&at, page(&run, Ok(&experience), false)).unwrap();
    let url = format!("file://{}", at.display());
    (folder, url)
}

#[test]
fn a_browser_shows_the_page_and_its_filters_work() {
    let Some(mut chromium) = Chromium::start() else {
        eprintln!("SKIP a_browser_shows_the_page: no chromium on this machine");
        return;
    };
    let (_folder, url) = written(300, HOSTILE);
    chromium.shape(1280, 900, false);
    chromium.open(&url);
    // Every curve has points within its picture, and every picture some height.
    let drawn = "[...document.querySelectorAll('figure[data-figure] svg')].filter(svg =>
        svg.querySelector('polyline.line').getBBox().width >= 0 &&
        svg.getBoundingClientRect().height > 100 &&
        svg.querySelector('.dot, polyline').getBBox().x >= 40).length";
    let all = "document.querySelectorAll('figure[data-figure]').length";
    let n_drawn = chromium.value(drawn);
    assert_eq!(n_drawn, chromium.value(all));
    assert!(n_drawn.as_u64().unwrap() >= 5, "{n_drawn}");
    let type_in = |name: &str, value: &str| {
        format!(
            "(() => {{ const f = document.querySelector('#filters');
               f.elements['{name}'].value = {}; f.elements['{name}']
                .dispatchEvent(new Event('input', {{bubbles: true}}));
               return document.querySelector('#found').textContent; }})()",
            json!(value)
        )
    };
    assert_eq!(chromium.value(&type_in("words", "")), "300 tasks");
    assert_eq!(chromium.value(&type_in("words", "return \"x + 277\"")), "1 task");
    assert_eq!(chromium.value(&type_in("words", "no-such-thing")), "0 tasks");
    assert_eq!(chromium.value(&type_in("words", "")), "300 tasks");
    assert_eq!(chromium.value(&type_in("rate", "hard")), "300 tasks");
    assert_eq!(chromium.value(&type_in("rate", "never")), "0 tasks");
    assert_eq!(chromium.value(&type_in("rate", "")), "300 tasks");
    assert_eq!(chromium.value(&type_in("from", "2")), "0 tasks");
    assert_eq!(chromium.value(&type_in("from", "1")), "300 tasks");
    // A task opens and shows its program, its answer and its attempts, as text.
    let open = "(() => { const entry = document.querySelector('.entry'); entry.open = true;
        return new Promise(done => setTimeout(() => done(entry.innerText), 100)); })()";
    let text = chromium.value(open).as_str().unwrap().to_owned();
    for words in ["def f(x):", "hidden from the solver", "<img src=x onerror="] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let strangers =
        "document.querySelectorAll('img, iframe, object, main script:not([type])').length";
    assert_eq!(chromium.value(strangers), 0);
    // The value under the pointer.
    let point = "(() => { const svg = document.querySelector('figure[data-figure] svg');
        const box = svg.getBoundingClientRect();
        svg.dispatchEvent(new PointerEvent('pointermove', {bubbles: true,
            clientX: box.right - 5, clientY: box.top + 20}));
        return document.querySelector('.tip').innerText; })()";
    let tip = chromium.value(point).as_str().unwrap().to_owned();
    assert!(tip.starts_with("step 3") && tip.contains("75.0 %"), "{tip}");

    for dark in [false, true] {
        chromium.shape(390, 844, dark);
        chromium.open(&url);
        let wide = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]";
        assert_eq!(chromium.value(wide), json!([390, 390]));
        chromium.value(open);
        assert_eq!(chromium.value(wide), json!([390, 390]), "with a task open");
    }
    assert_eq!(chromium.complaints, [""; 0], "the console");
}
