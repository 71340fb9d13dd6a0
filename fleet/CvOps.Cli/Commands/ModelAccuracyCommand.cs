using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops model accuracy</c>: how right a model is in production.</summary>
internal static class ModelAccuracyCommand
{
    public static Command Create(FleetCommand on)
    {
        var digest = new Argument<string>("digest") { Description = "Digest of a registered model." };
        var since = new Option<DateTimeOffset?>("--since") { Description = "Leave frames captured before it out, such as 2026-11-01." };
        return on.On(new Command("accuracy", "How right a model is in production: an estimate from labelled sampled frames, each weighed by one over the probability with which it was kept.") { digest, since }, async (parsed, fleet, screen, ct) =>
        {
            var from = parsed.GetValue(since) is { } at ? $"?since={Uri.EscapeDataString(at.ToString("O", CultureInfo.InvariantCulture))}" : "";
            var accuracy = await fleet.Get<ModelAccuracy>($"models/{parsed.GetValue(digest)}/accuracy{from}", ct);
            screen.Table([accuracy.Overall, .. accuracy.Cameras], "",
                ("camera", it => it.Camera is { } camera ? $"{it.Device}/{camera}" : "all"), ("accuracy", it => Percent(it.Accuracy)),
                ("95 % interval", it => it.Accuracy is null ? "-" : $"{Percent(it.Low)} to {Percent(it.High)}"), ("labelled", it => $"{it.Labelled} of {it.Sampled}"),
                ("stand for", it => it.Represented.ToString("0", CultureInfo.InvariantCulture)), ("left out", it => $"{it.LeftOut}"), ("note", it => it.Note ?? ""));
        });
    }

    private static string Percent(double? share) => share is { } value ? (100 * value).ToString("0.0", CultureInfo.InvariantCulture) + " %" : "too few labels";
}
