//! The family under test: twice, in hosts that share nothing, with its tasks and the form in which
//! its gold answers are accepted.

use std::collections::BTreeMap;

use quaero_runtime::{Error, Family, Host, Options};
use quaero_types::{Episode, Fault, Kind, Opening, Pair, Proposed, Reply, Role, Secret, Status};
use serde_json::Value;

use super::texts;

/// Seed tasks of a kind that are put to use.
const SEEDS_MAX: usize = 16;

/// What all claims are put to.
pub(super) struct Subject {
    options: Options,
    hosts: [Host; 2],
    pub(super) seed: u64,
    pub(super) n_fuzz: usize,
    /// Some seed tasks of each kind, or why there are none.
    pub(super) seeds: BTreeMap<String, Result<Vec<Proposed>, Fault>>,
    /// Completions that were accepted as gold: kind, which seed task, text.
    pub(super) gold: Vec<(String, usize, String)>,
}

impl Subject {
    /// Loads the family twice.
    ///
    /// # Errors
    /// If it does not load.
    pub(super) fn open(options: Options, seed: u64, n_fuzz: usize) -> anyhow::Result<Self> {
        let load = |workers| -> anyhow::Result<Host> {
            let (host, refused) = Host::open_each(Options { workers, ..options.clone() })?;
            match refused.into_iter().next() {
                Some(one) => Err(one.error.into()),
                None => Ok(host),
            }
        };
        let hosts = [load(0)?, load(1)?];
        anyhow::ensure!(only(&hosts[0]).is_some(), "there is no component in that folder");
        let (seeds, gold) = (BTreeMap::new(), Vec::new());
        let mut subject = Self { options, hosts, seed, n_fuzz, seeds, gold };
        for kind in subject.kinds() {
            let tasks = subject.family().seeds(&kind.name);
            subject.seeds.insert(kind.name, tasks);
        }
        subject.gold = subject.find_gold();
        Ok(subject)
    }

    /// The family.
    pub(super) fn family(&self) -> &Family {
        only(&self.hosts[0]).expect("checked when it was opened")
    }

    /// The same in a world of its own, on one thread.
    pub(super) fn twin(&self) -> &Family {
        only(&self.hosts[1]).expect("loaded from the same file")
    }

    /// Its kinds.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        let manifest = self.family().manifest();
        manifest.kinds.iter().map(|kind| Kind::new(&manifest.name, &kind.name)).collect()
    }

    /// Opens it again under other options of its own.
    pub(super) fn reopen(&self, json: &str) -> Result<(), Error> {
        let mut options = self.options.clone();
        options.families.insert(self.family().manifest().name.clone(), json.to_owned());
        let (_, refused) = Host::open_each(options)?;
        refused.into_iter().next().map_or(Ok(()), |one| Err(one.error))
    }

    /// Seed tasks of `kind`, a handful.
    pub(super) fn tasks(&self, kind: &str) -> &[Proposed] {
        let tasks = self.seeds.get(kind).and_then(|tasks| tasks.as_ref().ok());
        tasks.map_or(&[], |tasks| &tasks[..tasks.len().min(SEEDS_MAX)])
    }

    /// A solver's episode on each of a handful of seed tasks, all kinds.
    pub(super) fn solving(&self) -> Vec<Episode> {
        let kinds = self.kinds();
        let of = |kind: &Kind| -> Vec<Episode> {
            let tasks = self.tasks(&kind.name).iter();
            tasks.map(|task| super::super::play::on(task, kind, 0)).collect()
        };
        kinds.iter().flat_map(of).collect()
    }

    /// A proposer's episode of each kind, with references where there are any.
    pub(super) fn proposing(&self) -> Vec<Episode> {
        let open = |kind: Kind| {
            let references = super::super::play::references(self.family(), &kind, 0);
            let mut episode = super::super::lookup::episode(&kind, Role::Propose, 0);
            episode.opening.references = references.unwrap_or_default();
            episode
        };
        self.kinds().into_iter().map(open).collect()
    }

    /// One solver's and one proposer's episode of each kind.
    pub(super) fn one_of_each(&self) -> Vec<Episode> {
        let mut episodes = self.proposing();
        for kind in self.kinds() {
            let task = self.tasks(&kind.name).first();
            episodes.extend(task.map(|task| super::super::play::on(task, &kind, 0)));
        }
        episodes
    }

    /// Everything that is known to be worth saying to it: golden cases and gold answers.
    pub(super) fn sensible(&self) -> Vec<Episode> {
        let golden = self.family().golden().iter().map(|case| case.episode.clone());
        let name = &self.family().manifest().name;
        let gold = self.gold.iter().map(|(kind, idx, text)| {
            let task = &self.tasks(kind)[*idx];
            let mut episode = super::super::play::on(task, &Kind::new(name, kind), 0);
            episode.completion.clone_from(text);
            episode
        });
        golden.chain(gold).collect()
    }

    /// In what form, if in any, the family accepts what stands in the secret halves.
    fn find_gold(&self) -> Vec<(String, usize, String)> {
        let mut found = Vec::new();
        for kind in self.kinds() {
            for (idx, task) in self.tasks(&kind.name).iter().enumerate() {
                let episode = super::super::play::on(task, &kind, 0);
                let fence = self.open_fence(&episode.opening);
                let forms = forms(task, fence.as_deref());
                let episodes: Vec<Episode> = forms
                    .iter()
                    .map(|text| Episode { completion: text.clone(), ..episode.clone() })
                    .collect();
                let replies = self.family().step(&episodes);
                let right = replies.iter().position(is_right);
                found.extend(right.map(|at| (kind.name.clone(), idx, forms[at].clone())));
            }
        }
        found
    }

    /// The block that the prompt leaves open.
    fn open_fence(&self, opening: &Opening) -> Option<String> {
        let prompt = self.family().open(std::slice::from_ref(opening)).remove(0).ok()?.text;
        let last = prompt.trim_end().lines().next_back()?;
        Some(last.strip_prefix("```")?.to_owned())
    }
}

/// What could be a right answer: every text or number of the secret half, in the forms that answers
/// commonly take.
fn forms(task: &Proposed, fence: Option<&str>) -> Vec<String> {
    let wire: Value = serde_json::from_str(&quaero_verify::wire(task)).unwrap_or(Value::Null);
    let fields = wire["secret"].as_object().into_iter().flatten();
    let values = fields.filter_map(|(_, value)| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    values.flat_map(|value| texts::forms(&value, fence)).collect()
}

/// Whether it was judged right.
pub(super) fn is_right(reply: &Result<Reply, Fault>) -> bool {
    matches!(reply, Ok(Reply::Verdict(verdict)) if verdict.status == Status::Ok)
}

/// Both halves of a task.
pub(super) fn pair(task: &Proposed) -> Pair {
    Pair { public: task.public.clone(), secret: Secret::clone(&task.secret) }
}

/// The one family of a host that was opened on one file.
fn only(host: &Host) -> Option<&Family> {
    host.families().next()
}
