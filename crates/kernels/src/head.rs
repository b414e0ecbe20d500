//! Log-probability of a token under softmax(logits / temperature), and the policy-gradient loss.
//!
//! Logits are f32 and exist for a chunk of rows at a time. The trainer's log-probabilities and the
//! sampler's are one device function of the same row of logits.

use half::bf16;

use crate::call::Call;
use crate::gemm::{self, Layout, Matrix, MatrixMut};
use crate::{Buffer, Device, Error, Indices, View, ViewMut};

/// The elements from one row of logits, and of their gradients, to the next: V rounded up so that
/// rows are aligned.
#[must_use]
pub fn stride(vocab_size: usize) -> usize {
    vocab_size.next_multiple_of(8)
}

/// Rows of logits.
#[derive(Clone, Copy, Debug)]
pub struct Logits<'a> {
    /// [R, stride]
    pub data: View<'a, f32>,
    /// `V`.
    pub vocab_size: usize,
    /// What they are divided by; above 0.
    pub temperature: f32,
}

impl Logits<'_> {
    pub(crate) fn check(&self, n_rows: usize) {
        let Self { data, vocab_size, temperature } = self;
        assert!(
            *vocab_size > 0 && data.len() == n_rows * stride(*vocab_size),
            "head: {} elements are not {n_rows} rows of {vocab_size} logits",
            data.len()
        );
        assert!(*temperature > 0.0, "log-probabilities need a temperature above 0");
    }

    fn check_targets(&self, targets: &Indices) {
        self.check(targets.len());
        let v = self.vocab_size;
        assert!(targets.bound() <= v, "targets below {}, {v} tokens", targets.bound());
    }
}

/// Log-probabilities of `targets` and entropies of the rows.
///
/// # Shapes
/// targets, logp, entropy [R].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit.
pub fn forward(
    logits: Logits<'_>,
    targets: &Indices,
    mut logp: ViewMut<'_, f32>,
    mut entropy: ViewMut<'_, f32>,
) -> Result<(), Error> {
    logits.check_targets(targets);
    let n_rows = targets.len();
    assert!(logp.len() == n_rows && entropy.len() == n_rows, "head: outputs of {n_rows} rows");
    let v = logits.vocab_size;
    let call = Call::new(logits.data.device(), "head_logp_fwd").grid([n_rows, 1, 1]);
    let call = call.write(&mut logp).write(&mut entropy).read(logits.data).read(targets.view());
    // SAFETY: the assertions are the header's Shapes and Layout; targets are below V.
    unsafe { call.int(v).int(stride(v)).float(logits.temperature).launch() }
}

/// The gradient of Σ dlogp · logp + dentropy · H by the logits.
///
/// # Shapes
/// dlogits [R, stride]; targets, dlogp, dentropy [R].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward(
    logits: Logits<'_>,
    targets: &Indices,
    (dlogp, dentropy): (View<'_, f32>, View<'_, f32>),
    mut dlogits: ViewMut<'_, bf16>,
) -> Result<(), Error> {
    logits.check_targets(targets);
    let n_rows = targets.len();
    assert!(
        dlogp.len() == n_rows && dentropy.len() == n_rows && dlogits.len() == logits.data.len(),
        "head backward: dlogp {}, dentropy {}, dlogits {}",
        dlogp.len(),
        dentropy.len(),
        dlogits.len()
    );
    let v = logits.vocab_size;
    let call = Call::new(logits.data.device(), "head_logp_bwd").grid([n_rows, 1, 1]);
    let call = call.write(&mut dlogits).read(logits.data).read(targets.view());
    let call = call.read(dlogp).read(dentropy).int(v).int(stride(v)).int(stride(v));
    // SAFETY: the assertions are the header's Shapes and Layout; targets are below V.
    unsafe { call.float(logits.temperature).launch() }
}

/// Which estimate of the distance to a reference policy, and its factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kl {
    /// 1, 2 or 3, as Schulman counts them.
    pub estimator: u8,
    /// Its factor in the loss.
    pub coef: f32,
}

/// The constants of the loss; `objective::Options` says what they mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossOptions {
    /// The ratio is clipped below 1 − this.
    pub clip_low: f32,
    /// The ratio is clipped above 1 + this.
    pub clip_high: f32,
    /// The loss of a negative advantage is at most this times |A|.
    pub dual_clip: Option<f32>,
    /// Surrogates are weighted by trainer over sampler up to this; above 0.
    pub tis_cap: Option<f32>,
    /// Entropy is rewarded with this factor.
    pub entropy_coef: f32,
    /// Negative advantages are multiplied by this.
    pub negative_weight: f32,
    /// Distance to a reference policy.
    pub kl: Option<Kl>,
}

/// What the loss needs to know of each row, all [R].
#[derive(Clone, Copy, Debug)]
pub struct LossRows<'a> {
    /// Tokens.
    pub targets: &'a Indices,
    /// Their log-probabilities under the policy that sampled them.
    pub logp_old: View<'a, f32>,
    /// The same as the trainer computed them before its first step; absent in the first step, where
    /// they are what the launch computes. Matters under truncated importance sampling alone.
    pub logp_trainer: Option<View<'a, f32>>,
    /// The same under the reference policy; needed if there is a KL term.
    pub logp_ref: Option<View<'a, f32>>,
    /// Advantages.
    pub advantage: View<'a, f32>,
    /// The rows' factors.
    pub scale: View<'a, f32>,
}

/// What the loss gives for each row.
#[derive(Debug)]
pub struct LossOutput<'a> {
    /// Log-probability [R].
    pub logp: ViewMut<'a, f32>,
    /// Entropy [R].
    pub entropy: ViewMut<'a, f32>,
    /// Scaled loss, ratio, whether it was clipped, KL estimate [R, 4].
    pub stats: ViewMut<'a, f32>,
}

/// The clipped policy-gradient loss of rows of logits, and its gradient by them.
///
/// # Shapes
/// dlogits [R, stride].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit, or there is a KL term and no reference.
pub fn policy_loss(
    logits: Logits<'_>,
    rows: LossRows<'_>,
    options: &LossOptions,
    output: LossOutput<'_>,
    mut dlogits: ViewMut<'_, bf16>,
) -> Result<(), Error> {
    let LossRows { targets, logp_old, logp_trainer, logp_ref, advantage, scale } = rows;
    let LossOutput { mut logp, mut entropy, mut stats } = output;
    logits.check_targets(targets);
    let n = targets.len();
    let [trainer, reference] = [logp_trainer, logp_ref].map(|view| view.map_or(n, View::len));
    let given = [logp_old.len(), trainer, reference, advantage.len(), scale.len()];
    let lens = [&given[..], &[logp.len(), entropy.len()][..]].concat();
    assert!(
        lens.iter().all(|&len| len == n) && stats.len() == 4 * n,
        "policy_loss: {n} targets, operands of {lens:?}, stats of {}",
        stats.len()
    );
    assert_eq!(dlogits.len(), logits.data.len(), "policy_loss: logits and their gradient");
    assert!(
        options.kl.is_none_or(|kl| (1..=3).contains(&kl.estimator)) && options.kl.is_none()
            || logp_ref.is_some(),
        "policy_loss: a KL term needs an estimator in 1..=3 and the reference's log-probs"
    );
    assert!(
        options.tis_cap.is_none_or(|cap| cap > 0.0),
        "policy_loss: a cap on importance weights is above 0"
    );
    let v = logits.vocab_size;
    let call = Call::new(logits.data.device(), "policy_loss").grid([n, 1, 1]);
    let call = call.write(&mut dlogits).write(&mut logp).write(&mut entropy).write(&mut stats);
    let call = call.read(logits.data).read(targets.view()).read(logp_old);
    let call = call.maybe(logp_trainer).maybe(logp_ref).read(advantage).read(scale);
    let call = call.int(v).int(stride(v)).int(stride(v));
    let call = call.float(logits.temperature).float(options.clip_low).float(options.clip_high);
    let call = call.float(options.dual_clip.unwrap_or(0.0)).float(options.entropy_coef);
    let (kind, coef) = options.kl.map_or((0, 0.0), |kl| (usize::from(kl.estimator), kl.coef));
    let call = call.float(options.negative_weight).int(kind).float(coef);
    let call = call.float(options.tis_cap.unwrap_or(0.0));
    // SAFETY: the assertions are the header's Shapes and Layout; targets are below V.
    unsafe { call.launch() }
}

/// Memory for the logits of one chunk of rows.
#[derive(Debug)]
pub struct Chunk {
    logits: Buffer<f32>,
    dlogits: Buffer<bf16>,
    n_rows: usize,
    vocab_size: usize,
}

impl Chunk {
    /// For up to `n_rows` rows at a time.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn new(device: &Device, n_rows: usize, vocab_size: usize) -> Result<Self, Error> {
        let len = n_rows * stride(vocab_size);
        let (logits, dlogits) = (device.alloc(len)?, device.alloc(len)?);
        Ok(Self { logits, dlogits, n_rows, vocab_size })
    }

    /// Rows that fit.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The logits of `hidden` [R, C] under `weight` [V, C].
    ///
    /// # Errors
    /// If the launch fails.
    ///
    /// # Panics
    /// If the shapes do not fit, or R is more than fits.
    pub fn logits(
        &mut self,
        hidden: Matrix<'_, bf16>,
        weight: Matrix<'_, bf16>,
        temperature: f32,
    ) -> Result<Logits<'_>, Error> {
        let (rows, v) = (hidden.rows, self.vocab_size);
        assert!(rows <= self.n_rows, "head: {rows} rows in a chunk of {}", self.n_rows);
        let data = self.logits.slice_mut(0..rows * stride(v));
        let c = MatrixMut { data, rows, columns: v, stride: stride(v) };
        gemm::into_f32(Layout::Nt, hidden, weight, false, c, None)?;
        let data = self.logits.slice(0..rows * stride(v));
        Ok(Logits { data, vocab_size: v, temperature })
    }

    /// From hidden states to the loss and back to them, logits of this chunk in between:
    /// overwrites `dhidden` [R, C] and adds to `dweight` [V, C].
    ///
    /// # Errors
    /// If a launch fails.
    ///
    /// # Panics
    /// If the shapes do not fit, or R is more than fits.
    #[expect(clippy::too_many_arguments, reason = "one operand each of two products and a loss")]
    pub fn policy_loss(
        &mut self,
        hidden: Matrix<'_, bf16>,
        weight: Matrix<'_, bf16>,
        temperature: f32,
        rows: LossRows<'_>,
        options: &LossOptions,
        output: LossOutput<'_>,
        dhidden: MatrixMut<'_, bf16>,
        dweight: MatrixMut<'_, f32>,
    ) -> Result<(), Error> {
        let (n, v) = (hidden.rows, self.vocab_size);
        self.logits(hidden, weight, temperature)?;
        let Self { logits, dlogits, .. } = self;
        let len = n * stride(v);
        let logits = Logits { data: logits.slice(0..len), vocab_size: v, temperature };
        policy_loss(logits, rows, options, output, dlogits.slice_mut(0..len))?;
        let data = dlogits.slice(0..len);
        let d = Matrix { data, rows: n, columns: v, stride: stride(v) };
        gemm::into_bf16(Layout::Nn, d, weight, None, dhidden, None)?;
        gemm::into_f32(Layout::Tn, d, hidden, true, dweight, None)
    }
}
