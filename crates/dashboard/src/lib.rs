//! A run's page over HTTP while the run goes on: the same page as `report.html`, told of each step
//! by server-sent events.
//!
//! It has threads of its own and is told a step's number, no more: nothing that a client does
//! reaches the run or makes it wait. It answers GET alone, for the page and for what the page asks,
//! to hosts that are an address and no name; a client that does not read is dropped. It knows no
//! password: what it serves is for whoever reaches its address, which is this machine by default.
//!
//! HTTP is what [`http`] says and no more: three short GETs, one a connection. A framework would
//! bring seventeen crates, and have the sandbox compiled with other features.
//!
//! # Layout
//! `http` a request read, an answer written, both in bounded time → `pages` what is drawn, once a
//! step, and who is told → `routes` who is answered, and with what.

mod http;
mod pages;
mod routes;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::Duration;

use pages::Pages;

/// What keeps a dashboard from being served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}: {source}; name another port, or 0 for any that is free, as \
         in --dashboard=127.0.0.1:0"
    )]
    Listen {
        /// As asked for.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The system gives no thread.
    #[error("cannot start the dashboard: {source}; train without --dashboard")]
    Start {
        /// Why not.
        source: std::io::Error,
    },
}

/// How guests are treated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    /// Connections at a time; one more is turned away.
    pub(crate) connections_max: usize,
    /// Of these, pages that wait for steps.
    pub(crate) listeners_max: usize,
    /// How long a client is waited for, for the next part of its request or to take the next part
    /// of its answer.
    pub(crate) patience: Duration,
    /// Least time between two steps that are told: a run may take many a second.
    pub(crate) pause: Duration,
    /// How long the last step can still be asked for when the run has ended.
    pub(crate) linger: Duration,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            connections_max: 64,
            listeners_max: 16,
            patience: Duration::from_secs(10),
            pause: Duration::from_secs(1),
            linger: Duration::from_millis(1500),
        }
    }
}

/// What the run tells.
#[derive(Clone, Copy, Debug)]
struct Told {
    /// The last whole step; `None` before the first that it was told of.
    step: Option<u64>,
    ended: bool,
}

#[derive(Debug)]
struct Ear {
    told: Mutex<Told>,
    heard: Condvar,
}

impl Ear {
    fn told(&self) -> MutexGuard<'_, Told> {
        // It is two plain values: whole, whoever panicked.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told());
        self.heard.notify_all();
    }
}

/// A run's page, served until this is dropped.
#[derive(Debug)]
pub struct Dashboard {
    address: SocketAddr,
    ear: Arc<Ear>,
    thread: Option<JoinHandle<()>>,
}

impl Dashboard {
    /// Serves the run in `folder` at `address`; port 0 takes any that is free. `step` is the last
    /// that the folder holds, if it holds one.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the system gives no thread.
    pub fn start(folder: &Path, address: SocketAddr, step: Option<u64>) -> Result<Self, Error> {
        Self::start_with(folder, address, step, Manners::default())
    }

    pub(crate) fn start_with(
        folder: &Path,
        address: SocketAddr,
        step: Option<u64>,
        manners: Manners,
    ) -> Result<Self, Error> {
        let listener =
            TcpListener::bind(address).map_err(|source| Error::Listen { address, source })?;
        let start = |source| Error::Start { source };
        let address = listener.local_addr().map_err(start)?;
        let told = Mutex::new(Told { step, ended: false });
        let ear = Arc::new(Ear { told, heard: Condvar::new() });
        let pages = Arc::new(Pages::new(folder.to_owned(), step, manners.listeners_max));
        let hears = Arc::clone(&ear);
        let serve = move || {
            let closed = Arc::new(AtomicBool::new(false));
            let doors = Doors { listener, pages: Arc::clone(&pages), manners };
            let is_closed = Arc::clone(&closed);
            let Ok(doors) = named().spawn(move || doors.open(&is_closed)) else { return };
            tell(&pages, &hears, manners);
            closed.store(true, Ordering::Release);
            // Wakes it from waiting for a guest.
            let _ = TcpStream::connect(reachable(address));
            let _ = doors.join();
        };
        let thread = named().spawn(serve).map_err(start)?;
        Ok(Self { address, ear, thread: Some(thread) })
    }

    /// Where it is served.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Tells of a step whose metrics and experience are on disk. Never waits for a client.
    pub fn step(&self, step: u64) {
        self.ear.tell(|told| told.step = Some(step));
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        self.ear.tell(|told| told.ended = true);
        if let Some(thread) = self.thread.take() {
            // A panic in there was told by its own thread; the run's result stands.
            let _ = thread.join();
        }
    }
}

fn named() -> Builder {
    Builder::new().name("dashboard".to_owned())
}

/// An address under which this machine reaches what listens on `address`.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut to = address;
    if address.ip().is_unspecified() {
        to.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    to
}

/// Shows each step that the run tells of, with a pause between two, until the run ends.
fn tell(pages: &Pages, ear: &Ear, manners: Manners) {
    let mut shown = ear.told().step;
    loop {
        let waits = |told: &mut Told| !told.ended && told.step == shown;
        let told = *ear.heard.wait_while(ear.told(), waits).unwrap_or_else(PoisonError::into_inner);
        if told.step != shown {
            shown = told.step;
            pages.show(shown);
        }
        if told.ended {
            break;
        }
        // Over as soon as the run ends.
        drop(ear.heard.wait_timeout_while(ear.told(), manners.pause, |told| !told.ended));
    }
    if pages.end() {
        sleep(manners.linger);
    }
}

/// Lets guests in while there is room, each with a thread of its own.
struct Doors {
    listener: TcpListener,
    pages: Arc<Pages>,
    manners: Manners,
}

impl Doors {
    fn open(self, closed: &AtomicBool) {
        let loopback = self.listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
        let inside = Arc::new(AtomicUsize::new(0));
        for stream in self.listener.incoming() {
            if closed.load(Ordering::Acquire) {
                return;
            }
            let Ok(stream) = stream else {
                // The client's error, or no more files can be opened: it passes.
                sleep(Duration::from_millis(50));
                continue;
            };
            if inside.load(Ordering::Acquire) >= self.manners.connections_max {
                http::turn_away(&stream);
                continue;
            }
            let (pages, manners) = (Arc::clone(&self.pages), self.manners);
            let place = Place::take(&inside);
            let serve = move || {
                routes::serve(stream, &pages, manners, loopback);
                drop(place);
            };
            // Without a thread for it the guest finds the connection closed.
            let _ = named().spawn(serve);
        }
    }
}

/// Counts a guest while it is inside.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(inside: &Arc<AtomicUsize>) -> Self {
        inside.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(inside))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests;
