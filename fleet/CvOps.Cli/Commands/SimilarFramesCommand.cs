using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops frames like ID</c>.</summary>
internal static class SimilarFramesCommand
{
    public static Command Create(FleetCommand on)
    {
        var id = new Argument<string>("frame") { Description = "As 'cvops frames list' shows it." };
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 200.", DefaultValueFactory = _ => 20 };
        return on.On(new Command("like", "The frames whose pictures are most like one, the nearest first.") { id, limit }, async (parsed, fleet, screen, ct) =>
        {
            var view = await fleet.Get<SimilarFramesView>(string.Create(CultureInfo.InvariantCulture, $"frames/{Uri.EscapeDataString(parsed.GetValue(id)!)}/similar?limit={parsed.GetValue(limit)}"), ct);
            if (view.Problem is { } problem) throw new CliException(problem);
            screen.Table(view.Similar, $"There is no other frame than {view.Frame.Id}.",
                ("frame", similar => similar.Frame.Id), ("distance", similar => similar.SamePicture ? "same picture" : similar.Distance.ToString("0.0000", CultureInfo.InvariantCulture)),
                ("label", similar => similar.Frame.Label?.Class ?? "-"), ("part", similar => similar.Frame.Part ?? "-"), ("device", similar => similar.Frame.Device?.Value ?? "-"));
        });
    }
}
