//! Items of this plugin: what [`coroner_traffic`] saw, as it stands.

use coroner_core::{ItemKind, Nature, Text};
use coroner_traffic::{Flow, Placement, Seen, Sender, Unseen};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Packets of one protocol and port that left by one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TrafficFlow(pub Flow);

impl ItemKind for TrafficFlow {
    const KIND: &'static str = "traffic.flow";
    const NATURE: Nature = Nature::RUNNING;

    fn key(&self) -> Text {
        Text::new([self.0.device.as_bytes(), b" ", self.0.name().as_bytes()].concat())
    }

    fn normal(&self) -> Option<Text> {
        Some(Text::from(self.0.name().as_str()))
    }
}

/// A process that sent packets, or could have where that was not seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TrafficSender(pub Sender);

impl ItemKind for TrafficSender {
    const KIND: &'static str = "traffic.sender";
    const NATURE: Nature = Nature::RUNNING;

    fn key(&self) -> Text {
        match &self.0.placement {
            Placement::Host => self.0.who.clone(),
            place => {
                Text::new([self.0.who.as_bytes(), b", ", place.to_string().as_bytes()].concat())
            }
        }
    }

    fn normal(&self) -> Option<Text> {
        Some(self.0.who.clone())
    }
}

/// How much was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TrafficSample(pub Seen);

impl ItemKind for TrafficSample {
    const KIND: &'static str = "traffic.sample";
    const NATURE: Nature = Nature::RUNNING;

    fn key(&self) -> Text {
        Text::from("sample")
    }
}

/// A device that sent more than passed the capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PastCapture(pub Unseen);

impl ItemKind for PastCapture {
    const KIND: &'static str = "traffic.past-capture";
    const NATURE: Nature = Nature::RUNNING;

    fn key(&self) -> Text {
        self.0.device.clone()
    }
}
