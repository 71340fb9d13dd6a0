using System.Globalization;
using System.Text;

namespace CvOps.Observability.Metrics;

/// <summary>The values of many metrics at one moment. One thread.</summary>
public sealed class MetricPage
{
    /// <summary>Prometheus text format 0.0.4.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Stands for every label of a value that came after a metric had as many as it may have.</summary>
    public const string Other = "other";

    /// <summary>Values of one metric, each with other labels; further ones are added up as <see cref="Other"/>.</summary>
    public const int MostSeries = 2000;

    private readonly Dictionary<string, Family> _families = new(StringComparer.Ordinal);

    /// <summary>Adds a value; to what is there already under the same labels.</summary>
    /// <param name="labels">One for each of the rule's, in its order.</param>
    public MetricPage Add(MetricRule rule, double value, params ReadOnlySpan<string> labels)
    {
        var family = None(rule, labels.Length);
        var key = family.KeyOf(labels);
        family.Values[key] = family.Values.TryGetValue(key, out var before) ? before + value : value;
        return this;
    }

    /// <summary>The metric is there, and may have no value at all: a reader knows its type.</summary>
    public MetricPage Declare(MetricRule rule)
    {
        None(rule, rule.Labels.Length);
        return this;
    }

    public MetricPage Add(MetricHistogram histogram)
    {
        var family = None(histogram.Rule, histogram.Rule.Labels.Length);
        foreach (var (labels, counts) in histogram.Read()) family.Histograms.Add((labels, counts));
        return this;
    }

    /// <summary>Values of a counter or gauge; empty when there are none.</summary>
    public IEnumerable<(IReadOnlyList<string> Labels, double Value)> Of(MetricRule rule) =>
        _families.TryGetValue(rule.Name, out var family) ? family.Values.Select(pair => ((IReadOnlyList<string>)family.LabelsOf(pair.Key), pair.Value)) : [];

    public string Text()
    {
        var text = new StringBuilder();
        foreach (var family in _families.Values) family.Write(text);
        return text.ToString();
    }

    public override string ToString() => Text();

    private Family None(MetricRule rule, int labels)
    {
        if (labels != rule.Labels.Length) throw new ArgumentException($"{rule.Name} has {rule.Labels.Length} labels, and {labels} were given.");
        if (!_families.TryGetValue(rule.Name, out var family)) _families.Add(rule.Name, family = new Family(rule));
        return family;
    }

    /// <summary>All values of a metric stand together, as the format asks, whoever brought them.</summary>
    private sealed class Family(MetricRule rule)
    {
        private const char Between = '\u001f';

        public Dictionary<string, double> Values { get; } = new(StringComparer.Ordinal);

        public List<(string[] Labels, BucketCounts Counts)> Histograms { get; } = [];

        public string KeyOf(ReadOnlySpan<string> labels)
        {
            var key = string.Join(Between, labels);
            return Values.Count < MostSeries || Values.ContainsKey(key) ? key : string.Join(Between, Enumerable.Repeat(Other, labels.Length));
        }

        public string[] LabelsOf(string key) => rule.Labels.Length == 0 ? [] : key.Split(Between);

        public void Write(StringBuilder text)
        {
            text.Append("# HELP ").Append(rule.Name).Append(' ').Append(rule.Help.Replace("\\", "\\\\").Replace("\n", "\\n")).Append('\n');
            text.Append("# TYPE ").Append(rule.Name).Append(' ').Append(rule.Kind.ToString().ToLowerInvariant()).Append('\n');
            foreach (var (key, value) in Values) Sample(text, "", LabelsOf(key), null, value);
            foreach (var (labels, counts) in Histograms)
            {
                var below = 0L;
                for (var i = 0; i <= rule.Bounds.Length; i++)
                {
                    below += counts.Counts[i];
                    Sample(text, "_bucket", labels, i < rule.Bounds.Length ? Number(rule.Bounds[i]) : "+Inf", below);
                }
                Sample(text, "_sum", labels, null, counts.Sum);
                Sample(text, "_count", labels, null, below);
            }
        }

        private void Sample(StringBuilder text, string part, string[] labels, string? end, double value)
        {
            text.Append(rule.Name).Append(part);
            var first = true;
            for (var i = 0; i < labels.Length; i++) Label(rule.Labels[i], labels[i]);
            if (end is not null) Label("le", end);
            if (!first) text.Append('}');
            text.Append(' ').Append(Number(value)).Append('\n');

            void Label(string name, string of)
            {
                text.Append(first ? '{' : ',').Append(name).Append("=\"").Append(of.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n")).Append('"');
                first = false;
            }
        }

        private static string Number(double value) => value switch
        {
            double.PositiveInfinity => "+Inf",
            double.NegativeInfinity => "-Inf",
            _ => value.ToString("R", CultureInfo.InvariantCulture),
        };
    }
}
