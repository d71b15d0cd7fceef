"""The instruments of the demo market. Adding one is one line here; `manage.py demo` creates it."""

from __future__ import annotations

from dataclasses import dataclass

REAL = "real daily bars 2000-2013, adjusted and re-dated; simulated path inside the day"
SIMULATED = "simulated"
ETF = "us_etf"


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoInstrument:
    """One instrument. `ticker`: its name in stocks.csv.gz. The rest describes a simulated series.

    `price` in dollars is its last close, `volume` its average daily volume in shares, `drift` and `volatility` are
    per year (0.2 is 20 %), `beta` says how much of the market's moves it shares.
    """

    symbol: str
    name: str
    aliases: tuple[str, ...]
    asset_class: str = "us_equity"
    ticker: str = ""
    price: str = "0"
    volume: int = 20_000_000
    drift: float = 0.08
    volatility: float = 0.2  # of its own, besides the market's
    beta: float = 1.0

    @property
    def data_label(self) -> str:
        return REAL if self.ticker else SIMULATED


STOCKS = (
    DemoInstrument(symbol="AAPL", name="Apple Inc.", aliases=("apple",), ticker="AAPL"),
    DemoInstrument(symbol="IBM", name="International Business Machines", aliases=("big blue",), ticker="IBM"),
    DemoInstrument(symbol="MSFT", name="Microsoft Corporation", aliases=("microsoft",), ticker="MSFT"),
    DemoInstrument(symbol="GOOG", name="Alphabet Inc.", aliases=("google", "alphabet", "googl"), ticker="GOOG"),
    DemoInstrument(symbol="META", name="Meta Platforms, Inc.", aliases=("facebook", "fb", "meta"), ticker="FB"),
    DemoInstrument(
        symbol="NVDA",
        name="NVIDIA Corporation",
        aliases=("nvidia",),
        price="141.90",
        drift=0.3,
        volatility=0.4,
        beta=1.7,
        volume=220_000_000,
    ),
    DemoInstrument(
        symbol="TSLA",
        name="Tesla, Inc.",
        aliases=("tesla",),
        price="268.50",
        drift=0.2,
        volatility=0.5,
        beta=1.6,
        volume=95_000_000,
    ),
    DemoInstrument(
        symbol="AMZN",
        name="Amazon.com, Inc.",
        aliases=("amazon",),
        price="202.60",
        drift=0.15,
        volatility=0.24,
        beta=1.2,
        volume=40_000_000,
    ),
    DemoInstrument(
        symbol="JPM",
        name="JPMorgan Chase & Co.",
        aliases=("jpmorgan", "jp morgan", "chase"),
        price="239.10",
        drift=0.1,
        volatility=0.16,
        volume=9_000_000,
    ),
    DemoInstrument(
        symbol="KO",
        name="The Coca-Cola Company",
        aliases=("coca-cola", "coca cola", "coke"),
        price="62.75",
        drift=0.05,
        volatility=0.11,
        beta=0.45,
        volume=14_000_000,
    ),
)
FUNDS = (
    DemoInstrument(
        symbol="SPY",
        name="S&P 500 ETF",
        aliases=("s&p 500", "s&p", "sp500", "spx"),
        asset_class=ETF,
        price="585.40",
        volatility=0.02,
        volume=55_000_000,
    ),
    DemoInstrument(
        symbol="QQQ",
        name="Nasdaq-100 ETF",
        aliases=("nasdaq", "nasdaq 100", "nasdaq-100"),
        asset_class=ETF,
        price="504.80",
        volatility=0.07,
        beta=1.15,
        volume=35_000_000,
    ),
    DemoInstrument(
        symbol="VTI",
        name="Total US Stock Market ETF",
        aliases=("total market",),
        asset_class=ETF,
        price="288.20",
        volatility=0.02,
        volume=3_500_000,
    ),
    DemoInstrument(
        symbol="AGG",
        name="US Aggregate Bond ETF",
        aliases=("bonds", "aggregate bonds"),
        asset_class=ETF,
        price="98.60",
        drift=0.03,
        volatility=0.05,
        beta=-0.03,
        volume=8_000_000,
    ),
    DemoInstrument(
        symbol="TLT",
        name="20+ Year Treasury Bond ETF",
        aliases=("treasuries", "long bonds"),
        asset_class=ETF,
        price="92.35",
        drift=0.02,
        volatility=0.13,
        beta=-0.2,
        volume=35_000_000,
    ),
    DemoInstrument(
        symbol="GLD",
        name="Gold ETF",
        aliases=("gold",),
        asset_class=ETF,
        price="246.70",
        drift=0.07,
        volatility=0.14,
        beta=0.05,
        volume=8_000_000,
    ),
)
CATALOGUE: tuple[DemoInstrument, ...] = (*STOCKS, *FUNDS)
BY_SYMBOL = {instrument.symbol: instrument for instrument in CATALOGUE}
