namespace CvOps.Fleet.Tracking;

/// <summary>A tag or a parameter.</summary>
internal readonly record struct KeyText(string Key, string Value);

/// <summary>A value of a metric as it is logged.</summary>
/// <param name="Value">May be NaN or infinite.</param>
internal readonly record struct LoggedMetric(string Key, long Step, DateTimeOffset At, double Value);
