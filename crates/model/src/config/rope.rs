//! Rotary frequencies as `config.json` describes them: transformers 4's `rope_theta` and
//! `rope_scaling`, transformers 5's `rope_parameters`, one table or one for each type of layer.
//!
//! Where both stand, `rope_scaling` counts, as in transformers. What transformers would pass over
//! in silence (a factor without a type, a table nobody reads) is refused by name.

use serde_json::{Map, Value, json};

use super::fields::Fields;
use crate::error::Error;

/// The rotary frequencies of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rope {
    /// Their base.
    pub theta: f64,
    /// How they are stretched to longer contexts, if at all.
    pub scaling: Option<RopeScaling>,
}

/// Stretching of rotary frequencies to longer contexts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RopeScaling {
    /// Every frequency is divided by this factor.
    Linear(f64),
    /// Llama 3's rule.
    Llama3(Llama3Scaling),
    /// YaRN (Peng et al., 2309.00071).
    Yarn(YarnScaling),
}

/// Llama 3's scaling of the rotary frequencies to longer contexts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Llama3Scaling {
    /// By how much long wavelengths are stretched.
    pub factor: f64,
    /// Wavelengths above `original_max_position_embeddings / low_freq_factor` are stretched fully.
    pub low_freq_factor: f64,
    /// Wavelengths below `original_max_position_embeddings / high_freq_factor` are left alone.
    pub high_freq_factor: f64,
    /// The context length of pretraining.
    pub original_max_position_embeddings: usize,
}

/// YaRN: frequencies that turn often within the context of pretraining are left alone, those that
/// turn seldom are divided by `factor`, with a ramp between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YarnScaling {
    /// By how much slow frequencies are stretched.
    pub factor: f64,
    /// Cosines and sines are multiplied by this.
    pub attention_factor: f64,
    /// Turns within the context above which a frequency is left alone.
    pub beta_fast: f64,
    /// Turns within the context below which a frequency is stretched fully.
    pub beta_slow: f64,
    /// The context length of pretraining.
    pub original_max_position_embeddings: usize,
    /// Whether the ends of the ramp are rounded to whole channels.
    pub truncate: bool,
}

/// Names of the types of layers that may have a table of their own.
pub(super) const FULL: &str = "full_attention";
pub(super) const SLIDING: &str = "sliding_attention";

/// The one table of a family whose layers share their frequencies.
pub(super) fn shared(fields: Fields<'_>, context: usize) -> Result<Rope, Error> {
    let top = fields.number_or("rope_theta", 10_000.0)?;
    let parameters = table(fields, "rope_parameters")?;
    let scaling = table(fields, "rope_scaling")?;
    for (field, value) in parameters.into_iter().flatten() {
        if [FULL, SLIDING].contains(&field.as_str()) || value.is_object() {
            let name = format!("rope_parameters.{field}");
            return Err(Error::unsupported(&name, value));
        }
    }
    let has_own_theta = |it: Option<&Map<String, Value>>| it.is_some_and(has_theta);
    if scaling.is_some()
        && !has_own_theta(scaling)
        && fields.get("rope_theta").is_none()
        && has_own_theta(parameters)
    {
        return Err(Error::field(
            "rope_scaling",
            "with a rope_theta of its own or beside it, since that in rope_parameters is not read",
            "none",
        ));
    }
    rope(scaling.or(parameters), top, original(fields, context)?)
}

/// The tables of full and of sliding layers, in a family that has one for each.
pub(super) fn by_layer_type(
    fields: Fields<'_>,
    context: usize,
    [full_theta, sliding_theta]: [f64; 2],
) -> Result<[Rope; 2], Error> {
    let empty = Map::new();
    let tables = table(fields, "rope_parameters")?.unwrap_or(&empty);
    if let Some(other) = tables.keys().find(|key| ![FULL, SLIDING].contains(&key.as_str())) {
        let expected = "full_attention and sliding_attention, a table for each type of layer";
        return Err(Error::field("rope_parameters", expected, format!("`{other}`")));
    }
    let of = |layer: &str| tables.get(layer).and_then(Value::as_object);
    let mut full = of(FULL).cloned().unwrap_or_default();
    full.extend(table(fields, "rope_scaling")?.cloned().unwrap_or_default());
    let original = original(fields, context)?;
    let full_theta = fields.number_or("rope_theta", full_theta)?;
    let sliding_theta = fields.number_or("rope_local_base_freq", sliding_theta)?;
    Ok([rope(Some(&full), full_theta, original)?, rope(of(SLIDING), sliding_theta, original)?])
}

fn table<'a>(fields: Fields<'a>, field: &str) -> Result<Option<&'a Map<String, Value>>, Error> {
    let Some(value) = fields.get(field) else { return Ok(None) };
    let table = value.as_object().ok_or_else(|| Error::field(field, "a table", value))?;
    Ok(Some(table).filter(|table| !table.is_empty()))
}

fn has_theta(table: &Map<String, Value>) -> bool {
    table.get("rope_theta").is_some_and(|theta| !theta.is_null())
}

/// The context of pretraining that the top of the file names, or else the model's context, and
/// whether it is the former.
fn original(fields: Fields<'_>, context: usize) -> Result<(usize, bool), Error> {
    let field = "original_max_position_embeddings";
    Ok((fields.count_or(field, context)?, fields.get(field).is_some()))
}

/// Reads one table.
fn rope(
    table: Option<&Map<String, Value>>,
    theta: f64,
    (original, is_given): (usize, bool),
) -> Result<Rope, Error> {
    let Some(table) = table else { return checked(Rope { theta, scaling: None }) };
    let value = Value::Object(table.clone());
    let fields = Fields(&value);
    let theta = fields.number_or("rope_theta", theta)?;
    let named = table.get("rope_type").or_else(|| table.get("type"));
    let kind = match named {
        None => "default",
        Some(kind) => kind.as_str().ok_or_else(|| Error::unsupported("rope_type", kind))?,
    };
    let original = || match table.get("original_max_position_embeddings") {
        Some(_) if !is_given => fields.count("original_max_position_embeddings"),
        _ => Ok(original),
    };
    let (known, scaling): (&[&str], _) = match kind {
        "default" => (&[], None),
        "linear" => (&["factor"], Some(RopeScaling::Linear(fields.number("factor")?))),
        "llama3" => (
            LLAMA3,
            Some(RopeScaling::Llama3(Llama3Scaling {
                factor: fields.number("factor")?,
                low_freq_factor: fields.number("low_freq_factor")?,
                high_freq_factor: fields.number("high_freq_factor")?,
                original_max_position_embeddings: original()?,
            })),
        ),
        "yarn" => (YARN, Some(RopeScaling::Yarn(yarn(fields, original()?)?))),
        other => return Err(Error::unsupported("rope_type", &json!(other))),
    };
    let always = ["rope_type", "type", "rope_theta"];
    let unread = |key: &&String| !always.contains(&key.as_str()) && !known.contains(&key.as_str());
    if let Some(key) = table.keys().find(unread) {
        let harmless = key == "partial_rotary_factor" && table[key].as_f64() == Some(1.0);
        if !harmless && !table[key].is_null() {
            let name = format!("{key}` beside `rope_type` = `{kind}");
            return Err(Error::unsupported(&name, &table[key]));
        }
    }
    checked(Rope { theta, scaling })
}

const LLAMA3: &[&str] =
    &["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"];
const YARN: &[&str] = &[
    "factor",
    "attention_factor",
    "beta_fast",
    "beta_slow",
    "mscale",
    "mscale_all_dim",
    "original_max_position_embeddings",
    "truncate",
];

fn yarn(fields: Fields<'_>, original: usize) -> Result<YarnScaling, Error> {
    let factor = fields.number("factor")?;
    let mscale = |scale: f64| if factor <= 1.0 { 1.0 } else { 0.1 * scale * factor.ln() + 1.0 };
    // A scale of zero counts as absent, as in transformers.
    let scale =
        |field: &str| Ok::<_, Error>(Some(fields.number_or(field, 0.0)?).filter(|&s| s != 0.0));
    let derived = match (scale("mscale")?, scale("mscale_all_dim")?) {
        (Some(one), Some(all)) => mscale(one) / mscale(all),
        _ => mscale(1.0),
    };
    Ok(YarnScaling {
        factor,
        attention_factor: fields.number_or("attention_factor", derived)?,
        beta_fast: scale("beta_fast")?.unwrap_or(32.0),
        beta_slow: scale("beta_slow")?.unwrap_or(1.0),
        original_max_position_embeddings: original,
        truncate: fields.flag("truncate", true)?,
    })
}

fn checked(rope: Rope) -> Result<Rope, Error> {
    let above_zero = |field: &str, x: f64| {
        let fits = x.is_finite() && x > 0.0;
        if fits { Ok(()) } else { Err(Error::field(field, "a number above 0", x)) }
    };
    above_zero("rope_theta", rope.theta)?;
    match rope.scaling {
        None => {}
        Some(RopeScaling::Linear(factor)) => above_zero("factor", factor)?,
        Some(RopeScaling::Llama3(it)) => {
            above_zero("factor", it.factor)?;
            above_zero("low_freq_factor", it.low_freq_factor)?;
            above_zero("high_freq_factor", it.high_freq_factor)?;
            if it.low_freq_factor >= it.high_freq_factor {
                let expected = format!("above low_freq_factor ({})", it.low_freq_factor);
                return Err(Error::field("high_freq_factor", expected, it.high_freq_factor));
            }
        }
        Some(RopeScaling::Yarn(it)) => {
            above_zero("factor", it.factor)?;
            above_zero("attention_factor", it.attention_factor)?;
            above_zero("beta_slow", it.beta_slow)?;
            above_zero("beta_fast", it.beta_fast)?;
            above_zero(
                "original_max_position_embeddings",
                it.original_max_position_embeddings as f64,
            )?;
        }
    }
    Ok(rope)
}

impl Rope {
    /// The table of these frequencies, with or without their base.
    pub(super) fn to_json(self, with_theta: bool) -> Map<String, Value> {
        let mut table = match self.scaling {
            None => json!({"rope_type": "default"}),
            Some(RopeScaling::Linear(factor)) => json!({"rope_type": "linear", "factor": factor}),
            Some(RopeScaling::Llama3(it)) => json!({
                "rope_type": "llama3",
                "factor": it.factor,
                "low_freq_factor": it.low_freq_factor,
                "high_freq_factor": it.high_freq_factor,
                "original_max_position_embeddings": it.original_max_position_embeddings,
            }),
            Some(RopeScaling::Yarn(it)) => json!({
                "rope_type": "yarn",
                "factor": it.factor,
                "attention_factor": it.attention_factor,
                "beta_fast": it.beta_fast,
                "beta_slow": it.beta_slow,
                "original_max_position_embeddings": it.original_max_position_embeddings,
                "truncate": it.truncate,
            }),
        };
        if with_theta {
            table["rope_theta"] = json!(self.theta);
        }
        table.as_object().cloned().unwrap_or_default()
    }
}
