//! Named tensors in a fixed order: the weights of a model, their gradients, an optimiser's moments.

use std::collections::BTreeMap;
use std::sync::Arc;

use quaero_ops::{Device, Tensor};
use quaero_shape::Shape;

use crate::config::Config;
use crate::error::Error;

/// Named f32 tensors in a fixed order (that of the computation), under Hugging Face's names.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    names: Arc<[String]>,
    index: Arc<BTreeMap<String, usize>>,
    tensors: Vec<Tensor>,
}

impl Params {
    /// Zeros in every tensor that `config` implies.
    #[must_use]
    pub fn zeros(config: &Config) -> Self {
        let (names, tensors): (Vec<_>, Vec<_>) =
            specs(config).into_iter().map(|spec| (spec.name, Tensor::zeros(spec.shape))).unzip();
        let index = names.iter().cloned().zip(0..).collect();
        Self { names: names.into(), index: Arc::new(index), tensors }
    }

    /// Zeros in the same tensors, where these lie.
    ///
    /// # Errors
    /// If the device has not enough memory.
    pub fn zeros_like(&self) -> Result<Self, Error> {
        self.mapped(|tensor| Tensor::zeros_on(&tensor.device(), tensor.shape().clone()))
    }

    /// The same tensors on `device`.
    ///
    /// # Errors
    /// If the device has not enough memory.
    pub fn to(&self, device: &Device) -> Result<Self, Error> {
        self.mapped(|tensor| tensor.to(device))
    }

    /// The same tensors in bf16 alone ([`Tensor::into_bf16`]), one after the other.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If they lie on the CPU.
    pub fn into_bf16(self) -> Result<Self, Error> {
        let Self { names, index, tensors } = self;
        let tensors = tensors.into_iter().map(Tensor::into_bf16).collect::<Result<_, _>>()?;
        Ok(Self { names, index, tensors })
    }

    fn mapped(
        &self,
        to: impl Fn(&Tensor) -> Result<Tensor, quaero_ops::Error>,
    ) -> Result<Self, Error> {
        let tensors = self.tensors.iter().map(to).collect::<Result<_, _>>()?;
        Ok(Self { names: Arc::clone(&self.names), index: Arc::clone(&self.index), tensors })
    }

    /// Sets every element to 0, keeping the memory.
    ///
    /// # Errors
    /// If the device failed.
    pub fn set_zero(&mut self) -> Result<(), Error> {
        Ok(self.tensors.iter_mut().try_for_each(Tensor::set_zero)?)
    }

    /// The names, in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The tensor called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.index.get(name).map(|&i| &self.tensors[i])
    }

    /// The tensor called `name`.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Tensor> {
        self.index.get(name).map(|&i| &mut self.tensors[i])
    }

    /// The tensors, in order.
    #[must_use]
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// The tensors, in order.
    pub fn tensors_mut(&mut self) -> &mut [Tensor] {
        &mut self.tensors
    }

    /// Names and tensors, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.names.iter().map(String::as_str).zip(&self.tensors)
    }

    /// Names and tensors, in order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Tensor)> {
        self.names.iter().map(String::as_str).zip(&mut self.tensors)
    }

    /// The number of elements in all tensors.
    #[must_use]
    pub fn n_elements(&self) -> usize {
        self.tensors.iter().map(|tensor| tensor.shape().n_elements()).sum()
    }

    /// The place of tensor `name` in the fixed order.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }
}

/// What a tensor does in the model; initialisation goes by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Token embeddings (and with tied weights the output head).
    Embedding,
    /// Matrices that read the residual stream: q, k, v, gate, up.
    Input,
    /// Matrices that write it: the attention's output and `down_proj`.
    Output,
    /// An untied output head.
    Head,
    /// The scale of an RMSNorm.
    Norm,
    /// A bias.
    Bias,
}

/// One tensor that a configuration implies.
pub(crate) struct Spec {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) class: Class,
}

/// The tensors that `config` implies, in the fixed order.
pub(crate) fn specs(config: &Config) -> Vec<Spec> {
    let (hidden, inner) = (config.hidden_size, config.intermediate_size);
    let (q, kv) = (config.q_width(), config.kv_width());
    let mut specs = Vec::new();
    let mut push = |name: String, shape: &[usize], class| {
        specs.push(Spec { name, shape: Shape::from(shape), class });
    };
    push("model.embed_tokens.weight".into(), &[config.vocab_size, hidden], Class::Embedding);
    for layer in 0..config.n_layers {
        let mut linear = |name: &str, rows: usize, columns: usize, bias: bool, class| {
            push(format!("model.layers.{layer}.{name}.weight"), &[rows, columns], class);
            if bias {
                push(format!("model.layers.{layer}.{name}.bias"), &[rows], Class::Bias);
            }
        };
        linear("self_attn.q_proj", q, hidden, config.qkv_bias, Class::Input);
        linear("self_attn.k_proj", kv, hidden, config.qkv_bias, Class::Input);
        linear("self_attn.v_proj", kv, hidden, config.qkv_bias, Class::Input);
        linear("self_attn.o_proj", hidden, q, config.o_bias, Class::Output);
        linear("mlp.gate_proj", inner, hidden, config.mlp_bias, Class::Input);
        linear("mlp.up_proj", inner, hidden, config.mlp_bias, Class::Input);
        linear("mlp.down_proj", hidden, inner, config.mlp_bias, Class::Output);
        let mut norm = |name: &str, width: usize| {
            push(format!("model.layers.{layer}.{name}.weight"), &[width], Class::Norm);
        };
        norm("input_layernorm", hidden);
        norm("post_attention_layernorm", hidden);
        if config.post_norms() {
            norm("pre_feedforward_layernorm", hidden);
            norm("post_feedforward_layernorm", hidden);
        }
        if config.qk_norm() {
            norm("self_attn.q_norm", config.head_dim);
            norm("self_attn.k_norm", config.head_dim);
        }
    }
    push("model.norm.weight".into(), &[hidden], Class::Norm);
    if !config.tie_word_embeddings {
        push("lm_head.weight".into(), &[config.vocab_size, hidden], Class::Head);
    }
    specs
}
