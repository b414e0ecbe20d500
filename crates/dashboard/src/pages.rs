//! What is served: drawn when it is first asked for after a step, and told to whoever listens.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quaero_report::{Budget, Error, Experience, Run};

/// Steps that a page may lag behind before it is dropped. Its browser comes back and catches up.
const LAG_MAX: usize = 16;

/// A page that goes on takes as much of a step's experience.
const NEWS: Budget =
    Budget { task_bytes: 300_000, rejected_bytes: 100_000, text_chars: 4000, attempts: 24 };

/// Until the run has something to show.
const NO_STEP: &str = "The model fills its buffers with first tasks and is measured; then steps \
    come. This page goes on by itself.";

/// What a page that listens is told.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// A step was taken; what its experience gained, as JSON.
    Step(u64, Arc<str>),
    /// The run ended.
    End,
}

/// Where a page that listens hears of steps.
#[derive(Debug)]
pub(crate) struct Listener {
    id: u64,
    pub(crate) hears: Receiver<Message>,
}

/// The run's pages as of the step that is shown.
#[derive(Debug)]
pub(crate) struct Pages {
    folder: PathBuf,
    drawn: Mutex<Drawn>,
    listeners_max: usize,
}

/// What was drawn since the last step, and the pages that wait for the next.
#[derive(Debug)]
struct Drawn {
    shown: Option<u64>,
    page: Option<Arc<str>>,
    curves: Option<Arc<str>>,
    to_listeners: Vec<(u64, SyncSender<Message>)>,
    next_id: u64,
}

impl Pages {
    pub(crate) fn new(folder: PathBuf, shown: Option<u64>, listeners_max: usize) -> Self {
        let drawn = Drawn { shown, page: None, curves: None, to_listeners: Vec::new(), next_id: 0 };
        Self { folder, drawn: Mutex::new(drawn), listeners_max }
    }

    fn drawn(&self) -> MutexGuard<'_, Drawn> {
        // What a panic left is drawn again at the next step.
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows a step: what is drawn from now on is as of it, and pages that listen are told. One
    /// that has not taken in what it was told before is dropped.
    pub(crate) fn show(&self, step: Option<u64>) {
        let mut drawn = self.drawn();
        let before = std::mem::replace(&mut drawn.shown, step);
        (drawn.page, drawn.curves) = (None, None);
        let Some(step) = step.filter(|_| !drawn.to_listeners.is_empty()) else { return };
        // Before the first step there is no page that could miss anything: it loads anew.
        let message = Message::Step(step, self.news(before.unwrap_or(step)));
        drawn.to_listeners.retain(|(_, to)| to.try_send(message.clone()).is_ok());
    }

    /// Tells that the run ended; whether anybody listened.
    pub(crate) fn end(&self) -> bool {
        let listeners = std::mem::take(&mut self.drawn().to_listeners);
        let told = listeners.iter().filter(|(_, to)| to.try_send(Message::End).is_ok());
        told.count() > 0
    }

    /// The step that is shown, and all that is told after it; `None` when too many listen.
    pub(crate) fn listen(&self) -> Option<(Option<u64>, Listener)> {
        let mut drawn = self.drawn();
        if drawn.to_listeners.len() >= self.listeners_max {
            return None;
        }
        let (to, hears) = sync_channel(LAG_MAX);
        drawn.next_id += 1;
        let id = drawn.next_id;
        drawn.to_listeners.push((id, to));
        Some((drawn.shown, Listener { id, hears }))
    }

    /// A page went away.
    pub(crate) fn leave(&self, listener: &Listener) {
        self.drawn().to_listeners.retain(|(id, _)| *id != listener.id);
    }

    /// What the run's experience gained after a step, as one line of JSON.
    pub(crate) fn news(&self, after: u64) -> Arc<str> {
        // A store that does not read leaves the page with its curves, which say so.
        quaero_report::news(&self.folder, after, &NEWS).unwrap_or_else(|_| "{}".to_owned()).into()
    }

    /// The whole page.
    pub(crate) fn page(&self) -> Arc<str> {
        let mut drawn = self.drawn();
        let draw = || match Run::load(&self.folder) {
            Ok(run) => {
                let experience = Experience::read(&self.folder, &Budget::default());
                quaero_report::page(&run, experience.as_ref().map_err(String::as_str), true)
            }
            Err(Error::Empty { .. } | Error::Read { .. }) => quaero_report::waiting(NO_STEP),
            Err(why) => quaero_report::waiting(&why.to_string()),
        };
        drawn.page.get_or_insert_with(|| draw().into()).clone()
    }

    /// Headline and curves.
    ///
    /// # Errors
    /// In words, when the run has no step or a file does not read.
    pub(crate) fn curves(&self) -> Result<Arc<str>, String> {
        let mut drawn = self.drawn();
        if let Some(curves) = &drawn.curves {
            return Ok(curves.clone());
        }
        let run = Run::load(&self.folder).map_err(|why| why.to_string())?;
        Ok(drawn.curves.insert(quaero_report::curves(&run).into()).clone())
    }
}
