using System.Globalization;
using System.Text;

namespace CvOps.Agent.Health;

/// <summary>Writes the Prometheus text format 0.0.4: HELP and TYPE once a metric, then its samples.</summary>
internal sealed class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <param name="name">With its unit at the end, counters with <c>_total</c>.</param>
    public PrometheusText Metric(string name, string type, string help)
    {
        _text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", "\\\\").Replace("\n", "\\n")).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        return this;
    }

    public PrometheusText Sample(string name, double value, params ReadOnlySpan<(string Label, string Value)> labels)
    {
        _text.Append(name);
        for (var i = 0; i < labels.Length; i++)
        {
            var escaped = labels[i].Value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");
            _text.Append(i == 0 ? '{' : ',').Append(labels[i].Label).Append("=\"").Append(escaped).Append('"');
        }
        if (labels.Length > 0) _text.Append('}');
        _text.Append(' ').Append(value switch
        {
            double.PositiveInfinity => "+Inf",
            double.NegativeInfinity => "-Inf",
            _ => value.ToString("R", CultureInfo.InvariantCulture),
        }).Append('\n');
        return this;
    }

    public override string ToString() => _text.ToString();
}
