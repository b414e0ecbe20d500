//! The moments of one parameter, as the optimiser keeps them and as a checkpoint holds them.

use quaero_ops::adam::{LEAN_BLOCK, LeanMoments, LeanState};
use quaero_ops::{Device, Tensor};
use quaero_shape::Shape;

use super::{Error, StatePrecision};

/// First and second moment.
#[derive(Debug)]
pub(super) enum Moments {
    /// In f32, where the parameter lies.
    Full(Tensor, Tensor),
    /// In 8 bits.
    Lean(LeanMoments),
}

/// The tensors of one parameter's moments, in the order of [`Moments::to_host`].
pub(super) fn prefixes(state_precision: StatePrecision) -> &'static [&'static str] {
    match state_precision {
        StatePrecision::F32 => &["exp_avg", "exp_avg_sq"],
        StatePrecision::EightBit => {
            &["exp_avg_code", "exp_avg_sq_code", "exp_avg_scale", "exp_avg_sq_scale"]
        }
    }
}

/// The shape of the tensor that stands at `at` among [`prefixes`] for a parameter of `shape`.
pub(super) fn shape(state_precision: StatePrecision, at: usize, shape: &Shape) -> Shape {
    match (state_precision, at) {
        (StatePrecision::F32, _) => shape.clone(),
        (StatePrecision::EightBit, 0 | 1) => Shape::from([shape.n_elements()]),
        (StatePrecision::EightBit, _) => Shape::from([shape.n_elements().div_ceil(LEAN_BLOCK)]),
    }
}

impl Moments {
    pub(super) fn zeros(state_precision: StatePrecision, param: &Tensor) -> Result<Self, Error> {
        let device = param.device();
        match state_precision {
            StatePrecision::F32 => {
                let zeros = || Tensor::zeros_on(&device, param.shape().clone());
                Ok(Self::Full(zeros()?, zeros()?))
            }
            StatePrecision::EightBit => {
                assert!(param.is_bf16(), "8-bit Adam is for weights in bf16");
                let zeros = LeanState::zeros(param.shape().n_elements());
                Ok(Self::Lean(LeanMoments::new(&device, &zeros)?))
            }
        }
    }

    /// On the CPU; codes are whole numbers, so that f32 holds them exactly.
    pub(super) fn to_host(&self) -> Result<Vec<Tensor>, Error> {
        match self {
            Self::Full(m, v) => Ok(vec![m.to(&Device::cpu())?, v.to(&Device::cpu())?]),
            Self::Lean(moments) => {
                let LeanState { codes, scales } = moments.state()?;
                let codes = codes.map(|codes| codes.into_iter().map(f32::from).collect());
                let tensors = codes.into_iter().chain(scales);
                Ok(tensors
                    .map(|x: Vec<f32>| Tensor::new([x.len()], x))
                    .collect::<Result<_, _>>()?)
            }
        }
    }

    /// From tensors whose shapes were checked.
    pub(super) fn from_host(
        state_precision: StatePrecision,
        param: &Tensor,
        parts: &[Tensor],
    ) -> Result<Self, Error> {
        let device = param.device();
        match state_precision {
            StatePrecision::F32 => Ok(Self::Full(parts[0].to(&device)?, parts[1].to(&device)?)),
            StatePrecision::EightBit => {
                assert!(param.is_bf16(), "8-bit Adam is for weights in bf16");
                let codes = |at: usize| parts[at].data().iter().map(|&code| code as u8).collect();
                let scales = |at: usize| parts[at].data().to_vec();
                let state =
                    LeanState { codes: [codes(0), codes(1)], scales: [scales(2), scales(3)] };
                Ok(Self::Lean(LeanMoments::new(&device, &state)?))
            }
        }
    }
}
