//! JSON in the data of events: the error, and an enum whose variant is chosen by the type of the event.
//!
//! This module must not depend on a parser of JSON: `serde_json.rs` and `serde_json_core.rs` each bring one.

use core::error::Error;
use core::fmt;

use serde_core::Deserializer;
use serde_core::de::value::{BorrowedBytesDeserializer, BorrowedStrDeserializer};
use serde_core::de::{self, DeserializeSeed, EnumAccess, VariantAccess, Visitor};

use crate::codec::{Event, Lossy};

/// The data of an event is not what was asked for. The stream goes on: only this event could not be used.
///
/// `B` holds the type and the ID: `Box<[u8]>` with `serde_json`, and `&[u8]`, borrowed from the event, with
/// `serde-json-core`. `E` is the error of the parser, which is also the [source](Error::source).
///
/// ```
/// use embedded_sse::Decoder;
/// use embedded_sse::io::json::Reason;
///
/// let mut decoder = Decoder::new([0; 64]);
/// let event = decoder.next_event(&mut &b"event: reading\nid: 7\ndata: [21.5\n\n"[..]).unwrap()?;
/// let error = event.json::<Vec<f32>>().unwrap_err();
/// assert_eq!(error.event_type[..], b"reading"[..]);
/// assert_eq!(error.last_event_id[..], b"7"[..]);
/// assert!(matches!(error.reason, Reason::Data(_)));
/// assert_eq!(error.to_string(), r#"event "reading" with ID "7": EOF while parsing a list at line 1 column 5"#);
/// # Ok::<(), embedded_sse::TooLong>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct JsonError<B, E> {
    /// The type of the event.
    pub event_type: B,
    /// The last event ID when the event was dispatched.
    pub last_event_id: B,
    /// What is wrong with the event.
    pub reason: Reason<E>,
}

/// What is wrong with the data or the type of an event.
///
/// ```
/// use embedded_sse::io::json::{JsonError, Reason};
///
/// /// An event that a later version of the server sends may be ignored. Invalid data is an error of the server.
/// fn is_fault<B, E>(error: &JsonError<B, E>) -> bool {
///     !matches!(error.reason, Reason::UnknownType)
/// }
/// # assert!(!is_fault(&embedded_sse::Decoder::new([0; 64]).next_event(&mut &b"event: a\ndata\n\n"[..]).unwrap().unwrap()
/// #     .json_by_type::<Never>().unwrap_err()));
/// # #[derive(serde::Deserialize, Debug)] enum Never {}
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Reason<E> {
    /// The enum has no variant for the type of the event.
    UnknownType,
    /// The data is not valid JSON, or not of the type that was asked for.
    Data(E),
}

impl<B, E> JsonError<B, E> {
    pub(super) fn new<'a>(event: &Event<'a>, reason: Reason<E>) -> Self
    where
        B: From<&'a [u8]>,
    {
        Self { event_type: event.event_type.into(), last_event_id: event.last_event_id.into(), reason }
    }
}

impl<B: AsRef<[u8]>, E: fmt::Display> fmt::Display for JsonError<B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {:?}", Lossy(self.event_type.as_ref()))?;
        if !self.last_event_id.as_ref().is_empty() {
            write!(f, " with ID {:?}", Lossy(self.last_event_id.as_ref()))?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl<E: fmt::Display> fmt::Display for Reason<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownType => f.write_str("the enum has no variant for this type"),
            Self::Data(error) => error.fmt(f),
        }
    }
}

impl<B: AsRef<[u8]> + fmt::Debug, E: Error + 'static> Error for JsonError<B, E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.reason {
            Reason::UnknownType => None,
            Reason::Data(error) => Some(error),
        }
    }
}

/// Deserializes an enum: the type of the event names the variant, and the data is its content.
pub(super) struct ByType<'de, 'r, D> {
    pub(super) event_type: &'de [u8],
    pub(super) data: D,
    /// Set to whether the data was deserialized. A variant without content ignores the data.
    pub(super) is_read: &'r mut bool,
}

/// What an enum is deserialized to if it fails: the reason, as an error of serde.
#[derive(Debug)]
pub(super) struct Failure<E>(pub(super) Reason<E>);

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: fmt::Debug + fmt::Display> Error for Failure<E> {}

impl<E: de::Error> de::Error for Failure<E> {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Reason::Data(E::custom(message)))
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self(Reason::UnknownType)
    }
}

impl<E> From<E> for Failure<E> {
    fn from(error: E) -> Self {
        Self(Reason::Data(error))
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ByType<'de, '_, D> {
    type Error = Failure<D::Error>;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self)
    }

    serde_core::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, 'r, D: Deserializer<'de>> EnumAccess<'de> for ByType<'de, 'r, D> {
    type Error = Failure<D::Error>;
    type Variant = Content<'r, D>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), Self::Error> {
        let variant = match str::from_utf8(self.event_type) {
            Ok(name) => seed.deserialize(BorrowedStrDeserializer::<Self::Error>::new(name))?,
            Err(_) => seed.deserialize(BorrowedBytesDeserializer::<Self::Error>::new(self.event_type))?,
        };
        Ok((variant, Content { data: self.data, is_read: self.is_read }))
    }
}

/// The content of a variant.
pub(super) struct Content<'r, D> {
    data: D,
    is_read: &'r mut bool,
}

impl<'de, D: Deserializer<'de>> VariantAccess<'de> for Content<'_, D> {
    type Error = Failure<D::Error>;

    fn unit_variant(self) -> Result<(), Self::Error> {
        *self.is_read = false;
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Self::Error> {
        Ok(seed.deserialize(self.data)?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Self::Error> {
        Ok(self.data.deserialize_tuple(len, visitor)?)
    }

    fn struct_variant<V>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Self::Error>
    where
        V: Visitor<'de>,
    {
        Ok(self.data.deserialize_struct("", fields, visitor)?)
    }
}
