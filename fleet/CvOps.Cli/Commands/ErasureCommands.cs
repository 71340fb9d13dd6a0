using System.CommandLine;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops frames erase</c> and <c>erasures</c>: a picture that must be nowhere any more.</summary>
internal static class ErasureCommands
{
    public static IEnumerable<Command> All(FleetCommand on)
    {
        var frame = new Option<string?>("--frame") { Description = "Id of the frame." };
        var picture = new Option<string?>("--picture") { Description = "SHA-256 of the picture." };
        var part = new Option<string?>("--part") { Description = "Id of a part: all its frames." };
        var reason = new Option<string>("--reason") { Description = "Why, for the audit log.", Required = true };
        var look = new Option<bool>("--look") { Description = "Only say what would go and what would stay." };
        yield return on.On(new Command("erase", "Find a frame, a picture or a part's frames everywhere and erase them for good; begin with --look.") { frame, picture, part, reason, look }, async (parsed, fleet, screen, ct) =>
        {
            var view = await fleet.Post<ErasureRequest, ErasureView>("erasures", new ErasureRequest(Environment.UserName, parsed.GetValue(reason)!)
            {
                Frame = parsed.GetValue(frame), Picture = parsed.GetValue(picture), Part = parsed.GetValue(part), Look = parsed.GetValue(look),
            }, ct);
            screen.Line(view.Id is { } id ? $"Erased, {id}:" : "Would be erased:");
            screen.Page(view, [.. view.Removed.Select(place => (Fate: view.Id is null ? "goes" : "gone", Place: place)), .. view.Remains.Select(place => (Fate: "stays", Place: place))], "It is nowhere.",
                ("what", row => row.Place.What), ("", row => row.Fate), ("where", row => row.Place.Where), ("", row => row.Place.Says));
        });

        yield return on.On(new Command("erasures", "What was erased for good, newest first."), async (_, fleet, screen, ct) =>
            screen.Table(await fleet.Get<ErasureView[]>("erasures", ct), "Nothing was ever erased.", ("erasure", erasure => erasure.Id ?? ""), ("at", erasure => $"{erasure.At:u}"), ("by", erasure => erasure.By),
                ("frames", erasure => string.Join('\n', erasure.Frames.Select(each => each.Id))), ("reason", erasure => erasure.Reason)));
    }
}
