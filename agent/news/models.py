"""What was read out of an article: numbers and names of a closed list, never its words."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from markets.models import NewsArticle


class NewsEvent(models.TextChoices):
    """What an article is about."""

    EARNINGS = "earnings", "Earnings"
    GUIDANCE = "guidance", "Guidance"
    DEAL = "deal", "Merger, purchase or sale"
    PRODUCT = "product", "Product"
    LEGAL = "legal", "Lawsuit or fraud"
    REGULATION = "regulation", "Regulator or law"
    MANAGEMENT = "management", "Management"
    RATING = "rating", "Analyst's rating"
    PAYOUT = "payout", "Dividend or buyback"
    ECONOMY = "economy", "Economy at large"
    OTHER = "other", "Something else"


class ReadingMethod(models.TextChoices):
    """Who read it."""

    MODEL = "model", "Language model"
    LEXICON = "lexicon", "Word list, offline"


class NewsReading(models.Model):
    """One article about one symbol, read once. It belongs to whom the article belongs to."""

    article = models.ForeignKey(NewsArticle, on_delete=models.CASCADE, related_name="readings", db_index=False)
    symbol = models.CharField(max_length=20)
    method = models.CharField(max_length=8, choices=ReadingMethod.choices)
    model = models.CharField(max_length=80, blank=True, help_text="as the provider names it; empty for the word list")
    sentiment = models.SmallIntegerField(help_text="-2 very bad for the symbol … 2 very good")
    event = models.CharField(max_length=12, choices=NewsEvent.choices)
    confidence = models.DecimalField(max_digits=3, decimal_places=2, help_text="0 to 1, as the reader says")
    run = models.ForeignKey("agent.AgentRun", on_delete=models.SET_NULL, null=True, related_name="news_readings")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["article", "symbol", "method"], name="an_article_is_read_once_per_symbol"),
            models.CheckConstraint(condition=Q(sentiment__gte=-2, sentiment__lte=2), name="news_sentiment_range"),
            models.CheckConstraint(condition=Q(confidence__gte=0, confidence__lte=1), name="news_confidence_range"),
        ]
