using System.Globalization;
using CvOps.Agent.Inference;
using CvOps.Contracts.Packages;

namespace CvOps.Agent.Offline;

/// <summary>What a person reads at the end.</summary>
internal static class OfflineSummary
{
    private const int MostClasses = 20;

    public static void Write(TextWriter to, OfflineTally tally, LoadedModel model, TimeSpan elapsed)
    {
        var rate = elapsed > TimeSpan.Zero ? tally.Done / elapsed.TotalSeconds : 0;
        to.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Counted(tally.Done, "frame")} in {elapsed.TotalSeconds:0.0} s, {rate:0.0}/s, {model.Ref.Name} {model.Ref.Version} on {model.Session.Provider}: {Counted(tally.Rejects, "reject")}, {Counted(tally.Errors, "error")}"));
        WriteClasses(to, tally, model.Manifest.Task == ModelTask.Detection ? "boxes" : "frames");
        if (tally.Done == tally.Unreadable) return;
        to.WriteLine();
        to.WriteLine($"{"milliseconds",-16}{"mean",10}{"p99",10}");
        foreach (var (name, times) in tally.Stages) to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-16}{times.MeanMs,10:0.00}{times.PercentileMs(0.99),10:0.00}"));
    }

    private static void WriteClasses(TextWriter to, OfflineTally tally, string counted)
    {
        var classes = tally.Classes;
        if (classes.Count == 0) return;
        var shown = classes.Take(MostClasses).ToArray();
        var width = Math.Max(16, shown.Max(row => row.Class.Length) + 2);
        to.WriteLine();
        to.WriteLine($"{"class".PadRight(width)}{counted,10}");
        foreach (var (name, count) in shown) to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name.PadRight(width)}{count,10}"));
        if (classes.Count > shown.Length) to.WriteLine($"and {classes.Count - shown.Length} more");
    }

    /// <summary>"1 frame", "2 frames".</summary>
    public static string Counted(long count, string thing) => string.Create(CultureInfo.InvariantCulture, $"{count} {thing}{(count == 1 ? "" : "s")}");
}
