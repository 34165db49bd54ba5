//! What it costs, at the prices somebody pays.

use clap::Args;
use serde::Serialize;

use super::census::Census;
use super::content::Summary;

/// Bytes of a gigabyte, as prices mean it.
const GB: f64 = 1e9;
/// Requests that a price is for.
const THOUSAND: f64 = 1000.0;

/// What somebody pays, in any currency.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(in crate::cli) struct Prices {
    /// What a GB costs for a month
    #[arg(long, value_name = "PRICE", value_parser = price)]
    pub storage_price: Option<f64>,
    /// What 1,000 writing requests (PUT) cost
    #[arg(long, value_name = "PRICE", value_parser = price)]
    pub put_price: Option<f64>,
    /// What 1,000 reading requests (GET) cost
    #[arg(long, value_name = "PRICE", value_parser = price)]
    pub get_price: Option<f64>,
}

/// An estimate; what no price was given for is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cost {
    /// Keeping what is here for a month.
    pub storage_per_month: Option<f64>,
    /// Writing what was written in the last 30 days and is still here.
    pub writing_last30_days: Option<f64>,
    /// Restoring every entry once.
    pub restoring_all_once: Option<f64>,
}

impl Cost {
    pub(super) fn estimate(prices: Prices, census: &Census, content: &Summary) -> Self {
        let written = census.total.objects - census.older_than(30).objects;
        let requests = |price: f64, count: u64| price * count as f64 / THOUSAND;
        Self {
            storage_per_month: prices
                .storage_price
                .map(|price| price * census.total.bytes as f64 / GB),
            writing_last30_days: prices.put_price.map(|price| requests(price, written)),
            restoring_all_once: prices.get_price.map(|price| requests(price, content.requests)),
        }
    }

    /// What there is to say, by name.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("storage, a month", self.storage_per_month),
            ("writing what came in 30 days", self.writing_last30_days),
            ("restoring every entry once", self.restoring_all_once),
        ];
        all.into_iter()
            .filter_map(|(name, cost)| Some((name, amount(cost?))))
            .collect()
    }
}

/// An amount of money, to the hundredth.
fn amount(cost: f64) -> String {
    if cost > 0.0 && cost < 0.01 {
        "< 0.01".to_owned()
    } else {
        format!("{cost:.2}")
    }
}

/// Reads a price.
fn price(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|price: &f64| price.is_finite() && *price >= 0.0)
        .ok_or_else(|| format!("{text:?} is not a price: write a number such as 0.023"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_a_number_and_not_negative() {
        assert_eq!(price("0.023"), Ok(0.023));
        assert_eq!(price("0"), Ok(0.0));
        for text in ["", "-1", "nan", "inf", "1 $", "0,5"] {
            assert!(price(text).unwrap_err().contains("0.023"), "{text}");
        }
    }

    #[test]
    fn an_amount_that_is_not_zero_does_not_look_like_it() {
        for (cost, text) in [
            (0.0, "0.00"),
            (0.000_01, "< 0.01"),
            (0.01, "0.01"),
            (12.345, "12.35"),
        ] {
            assert_eq!(amount(cost), text);
        }
    }

    #[test]
    fn what_has_no_price_is_not_estimated() {
        let cost = Cost {
            storage_per_month: Some(1.5),
            ..Cost::default()
        };
        assert_eq!(cost.lines(), [("storage, a month", "1.50".to_owned())]);
        assert!(Cost::default().lines().is_empty());
    }
}
