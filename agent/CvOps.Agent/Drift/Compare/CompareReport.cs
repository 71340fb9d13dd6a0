using System.Globalization;
using System.Net;
using System.Text;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Statistics.Causes;

namespace CvOps.Agent.Drift.Compare;

/// <summary>The comparison as one HTML file: distributions as SVG, example frames as JPEG, nothing fetched from anywhere.</summary>
internal static class CompareReport
{
    private const string Style = """
        :root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #5d6670; --line: #d8dee4; --a: #2f6fb2; --b: #d9722a; --moved: #b3261e; --calm: #2e7d4f; --card: #f6f8fa }
        @media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e4e8ec; --soft: #9aa4ae; --line: #323941; --a: #6aa9ea; --b: #f2a065; --moved: #ff8a80; --calm: #7fd1a0; --card: #1c2127 } }
        body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1120px; padding: 0 1rem }
        h1 { font-size: 1.5rem; margin: 0 0 .25rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem } p { margin: .25rem 0 } .soft { color: var(--soft) }
        .verdict { border-left: 4px solid var(--moved); background: var(--card); padding: .75rem 1rem; margin: 1rem 0 } .verdict.calm { border-color: var(--calm) }
        table { border-collapse: collapse; width: 100% } th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums }
        th { color: var(--soft); font-weight: 600 } th:first-child, td:first-child { text-align: left } tr.moved td { font-weight: 600 } tr.moved td:last-child { color: var(--moved) }
        .wide { overflow-x: auto } .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 1rem }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem } .card h3 { font-size: .95rem; margin: 0; display: flex; justify-content: space-between }
        .card h3 span { color: var(--soft); font-weight: 400 } .card.moved h3 span { color: var(--moved) } svg { width: 100%; height: auto; display: block } svg text { fill: var(--soft); font: 10px system-ui, sans-serif }
        .bar-a { fill: var(--a) } .bar-b { fill: var(--b) } .axis { stroke: var(--line) } .key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin: 0 .3em 0 0; vertical-align: -.05em }
        .frames { display: grid; grid-template-columns: repeat(auto-fill, minmax(160px, 1fr)); gap: .6rem } figure { margin: 0 } figure img { width: 100%; border: 1px solid var(--line); border-radius: 4px; display: block }
        figcaption { color: var(--soft); font-size: .8rem }
        """;

    public static string Html(WorldComparison comparison, CompareOptions options, SeenWorld reference, SeenWorld present)
    {
        var (a, b) = (Text(Path.GetFileName(options.Reference.TrimEnd('/'))), Text(Path.GetFileName(options.Present.TrimEnd('/'))));
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{b} against {a} - CvOps</title>
            <style>{Style}</style></head><body>
            <h1>{b} against {a}</h1>
            <p class="soft">Model {Text(Path.GetFileName(options.Model))}. <span class="key" style="background:var(--a)"></span>A {a}, {reference.Frames.Count} frames. <span class="key" style="background:var(--b)"></span>B {b}, {present.Frames.Count} frames.</p>
            <div class="verdict{(comparison.Cause is null ? " calm" : "")}">{Verdict(comparison)}</div>
            <h2>What was measured</h2>
            <div class="wide"><table><thead><tr><th>covariate</th><th>mean A</th><th>mean B</th><th>PSI beyond chance</th><th>p</th><th>moved</th></tr></thead><tbody>

            """);
        foreach (var covariate in comparison.Covariates)
            page.Append(CultureInfo.InvariantCulture, $"<tr{(covariate.Moved ? " class=\"moved\"" : "")}><td>{Text(covariate.Covariate)}</td><td>{CompareTable.Mean(covariate, covariate.ReferenceMean)}</td><td>{CompareTable.Mean(covariate, covariate.Mean)}</td><td>{CompareTable.Number(covariate.Psi)}</td><td>{Text(CompareTable.PValue(covariate.PValue))}</td><td>{(covariate.Moved ? "moved" : "")}</td></tr>\n");
        page.Append("""
            </tbody></table></div>
            <p class="soft">Moved: a population stability index of 0.2 at least beyond what chance gives, and a p-value (Pearson's chi-square) that the whole table has by chance once in ten thousand times. Frames are taken for independent.</p>
            <h2>Distributions</h2><p class="soft">Share of the frames in each bin; the bins are quantiles of A.</p><div class="cards">

            """);
        foreach (var covariate in comparison.Covariates) Card(page, comparison, covariate);
        page.Append("</div>\n");
        Examples(page, $"Frames of A: {a}", reference);
        Examples(page, $"Frames of B: {b}", present);
        return page.Append("</body></html>\n").ToString();
    }

    private static string Verdict(WorldComparison comparison) => comparison.Cause is { } cause
        ? $"<p><strong>Probable cause: {Text(cause.Name)}</strong>, for {Text(cause.Route)}.</p><p>{Text(cause.Explanation)}</p>"
        : "<p><strong>Nothing has moved.</strong></p>";

    private static void Card(StringBuilder page, WorldComparison comparison, CovariateDrift covariate)
    {
        string[] labels;
        double[] left, right;
        if (comparison.Reference.Histograms.TryGetValue(covariate.Covariate, out var histogram))
        {
            labels = [.. Enumerable.Range(0, histogram.Counts.Count).Select(bin => Label(histogram, bin))];
            (left, right) = (Shares(histogram.Counts), Shares(comparison.Present[covariate.Covariate].Counts));
        }
        else if (covariate.Covariate == DriftCauseRule.ClassMix)
        {
            labels = [.. comparison.Reference.Classes.Keys.Union(comparison.PresentClasses.Keys).Order(StringComparer.Ordinal)];
            (left, right) = (Shares([.. labels.Select(name => comparison.Reference.Classes.GetValueOrDefault(name))]), Shares([.. labels.Select(name => comparison.PresentClasses.GetValueOrDefault(name))]));
            labels = [.. labels.Select(name => name.Length == 0 ? "nothing" : name)];
        }
        else return;
        page.Append(CultureInfo.InvariantCulture, $"<div class=\"card{(covariate.Moved ? " moved" : "")}\"><h3>{Text(covariate.Covariate)}<span>{(covariate.Moved ? "moved, " : "")}PSI {CompareTable.Number(covariate.Psi)}</span></h3>");
        Bars(page, labels, left, right);
        page.Append("</div>\n");
    }

    private static void Bars(StringBuilder page, string[] labels, double[] left, double[] right)
    {
        const int width = 340, height = 120, floor = 104;
        var most = Math.Max(0.01, Math.Max(left.Max(), right.Max()));
        var step = (double)width / labels.Length;
        // Labels side by side where they have room; every bar says its own when pointed at.
        var every = Math.Max(1, (int)Math.Ceiling(labels.Max(label => label.Length) * 5.6 / step));
        page.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {width} {height}\" role=\"img\"><line class=\"axis\" x1=\"0\" x2=\"{width}\" y1=\"{floor}\" y2=\"{floor}\"/>");
        for (var i = 0; i < labels.Length; i++)
        {
            var x = i * step;
            page.Append(CultureInfo.InvariantCulture, $"<g><title>{Text(labels[i])}: A {left[i]:0.0%}, B {right[i]:0.0%}</title>");
            Bar(page, "bar-a", x + step * 0.1, step * 0.38, left[i] / most * (floor - 8), floor);
            Bar(page, "bar-b", x + step * 0.52, step * 0.38, right[i] / most * (floor - 8), floor);
            page.Append("</g>");
            if (i % every == 0 && x + labels[i].Length * 5.6 <= width) page.Append(CultureInfo.InvariantCulture, $"<text x=\"{x + step * 0.1:0.#}\" y=\"{height - 4}\">{Text(labels[i])}</text>");
        }
        page.Append("</svg>");
    }

    private static void Bar(StringBuilder page, string kind, double x, double width, double height, int floor) =>
        page.Append(CultureInfo.InvariantCulture, $"<rect class=\"{kind}\" x=\"{x:0.#}\" y=\"{floor - height:0.#}\" width=\"{width:0.#}\" height=\"{height:0.#}\"/>");

    private static void Examples(StringBuilder page, string title, SeenWorld world)
    {
        page.Append(CultureInfo.InvariantCulture, $"<h2>{title}</h2><div class=\"frames\">\n");
        foreach (var example in world.Examples)
            page.Append(CultureInfo.InvariantCulture, $"<figure><img alt=\"frame {example.Number}\" src=\"data:image/jpeg;base64,{Convert.ToBase64String(example.Jpeg)}\"><figcaption>frame {example.Number}: {Text(example.Class)} {example.Confidence:0.00}</figcaption></figure>\n");
        page.Append("</div>\n");
    }

    private static string Label(ReferenceHistogram histogram, int bin) => bin == 0 ? $"<{Edge(histogram.Edges[0])}" : Edge(histogram.Edges[bin - 1]);

    private static string Edge(double edge) => edge.ToString(Math.Abs(edge) >= 100 ? "0" : Math.Abs(edge) >= 10 ? "0.#" : "0.###", CultureInfo.InvariantCulture);

    private static double[] Shares(IReadOnlyList<long> counts)
    {
        var total = Math.Max(1.0, counts.Sum());
        return [.. counts.Select(count => count / total)];
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
