//! What the server asks of a worker. The input, and for a rendering the output, travel beside it as descriptors.

use tintype_types::{Fit, ImageLimits, MediaType, Recipe};

use super::{Malformed, Reader};

/// Bytes of an encoded job.
pub(crate) const JOB_LEN: usize = 80;
const INSPECT: u8 = 1;
const RENDER: u8 = 2;

/// One piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// Bytes of the input file. At least 1.
    pub(crate) input_len: u64,
    /// Limits on the picture.
    pub(crate) limits: ImageLimits,
    /// What to do with it.
    pub(crate) op: Op,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Say what the file is, and how it is to be published.
    Inspect {
        /// Whether metadata stays.
        keep_metadata: bool,
        /// The formats that are taken.
        accepted: Vec<MediaType>,
    },
    /// Render it into the output.
    Render {
        /// How.
        recipe: Recipe,
        /// Bytes that the output has room for.
        output_max: u64,
    },
}

impl Op {
    /// The word used in logs.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Inspect { .. } => "inspect",
            Self::Render { .. } => "render",
        }
    }

    /// Descriptors that travel with the job.
    pub(crate) const fn descriptors(&self) -> usize {
        match self {
            Self::Inspect { .. } => 1,
            Self::Render { .. } => 2,
        }
    }
}

impl Job {
    /// The job as bytes.
    pub(crate) fn encode(&self) -> [u8; JOB_LEN] {
        let mut out = Vec::with_capacity(JOB_LEN);
        out.extend(self.input_len.to_le_bytes());
        out.extend(self.limits.side_max.to_le_bytes());
        out.extend(self.limits.pixels_max.to_le_bytes());
        out.extend(self.limits.frames_max.to_le_bytes());
        out.extend(self.limits.frame_pixels_max.to_le_bytes());
        out.extend(self.limits.decoded_bytes_max.to_le_bytes());
        out.extend(self.limits.scans_max.to_le_bytes());
        out.extend(self.limits.metadata_bytes_max.to_le_bytes());
        match &self.op {
            Op::Inspect { keep_metadata, accepted } => {
                let set = accepted.iter().fold(0, |set, media| set | 1 << code(&MediaType::ALL, media));
                out.extend([INSPECT, u8::from(*keep_metadata), set]);
            }
            Op::Render { recipe, output_max } => {
                out.extend([RENDER, code(&MediaType::ALL, &recipe.format), code(&Fit::ALL, &recipe.fit)]);
                // A side of 0 says that the address named none.
                out.extend(recipe.width.unwrap_or(0).to_le_bytes());
                out.extend(recipe.height.unwrap_or(0).to_le_bytes());
                out.extend(output_max.to_le_bytes());
            }
        }
        out.resize(JOB_LEN, 0);
        out.try_into().expect("the longest job has 75 bytes")
    }

    /// Reads a job.
    ///
    /// # Errors
    /// [`Malformed`] where the bytes are not one.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let input_len = reader.u64()?;
        let limits = ImageLimits {
            side_max: reader.u32()?,
            pixels_max: reader.u64()?,
            frames_max: reader.u32()?,
            frame_pixels_max: reader.u64()?,
            decoded_bytes_max: reader.u64()?,
            scans_max: reader.u32()?,
            metadata_bytes_max: reader.u64()?,
        };
        let op = match reader.u8()? {
            INSPECT => {
                let keep_metadata = reader.bool()?;
                let set = reader.u8()?;
                let accepted =
                    MediaType::ALL.into_iter().enumerate().filter(|(place, _)| set >> place & 1 == 1);
                Op::Inspect { keep_metadata, accepted: accepted.map(|(_, media)| media).collect() }
            }
            RENDER => {
                let format = value(&MediaType::ALL, reader.u8()?)?;
                let fit = value(&Fit::ALL, reader.u8()?)?;
                let (width, height) = (reader.u32()?, reader.u32()?);
                let side = |side: u32| (side > 0).then_some(side);
                let recipe = Recipe { width: side(width), height: side(height), fit, format };
                Op::Render { recipe, output_max: reader.u64()? }
            }
            _ => return Err(Malformed("there is no such job")),
        };
        Ok(Self { input_len, limits, op })
    }
}

/// The number that stands for `item` of a closed set.
pub(super) fn code<T: PartialEq>(all: &[T], item: &T) -> u8 {
    let place = all.iter().position(|other| other == item).expect("the set lists every value");
    u8::try_from(place).expect("no set has 256 values")
}

/// The item of a closed set that a number stands for.
pub(super) fn value<T: Copy>(all: &[T], code: u8) -> Result<T, Malformed> {
    all.get(usize::from(code)).copied().ok_or(Malformed("a number stands for nothing"))
}
