namespace CvOps.Agent.Integrations.Sparkplug;

/// <summary>Data types of Sparkplug B by their numbers on the wire.</summary>
internal enum SparkplugType : uint { UInt64 = 8, Double = 10, Boolean = 11, String = 12 }

/// <summary>One metric.</summary>
/// <param name="Value">A <see cref="ulong"/>, <see cref="double"/>, <see cref="bool"/> or <see cref="string"/> as <paramref name="Type"/> says; null: there is none now.</param>
internal sealed record SparkplugMetric(string Name, SparkplugType Type, object? Value)
{
    public static SparkplugMetric Of(string name, long value) => new(name, SparkplugType.UInt64, (ulong)Math.Max(0, value));

    /// <summary>NaN and the infinities are no values to a SCADA host.</summary>
    public static SparkplugMetric Of(string name, double value) => new(name, SparkplugType.Double, double.IsFinite(value) ? value : null);

    public static SparkplugMetric Of(string name, bool? value) => new(name, SparkplugType.Boolean, value);

    public static SparkplugMetric Of(string name, string? value) => new(name, SparkplugType.String, value);
}
