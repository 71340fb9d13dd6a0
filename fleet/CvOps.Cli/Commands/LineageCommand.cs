using System.CommandLine;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops dataset lineage</c>: from a frame, picture or part to the models that learned from it, and from a model to its frames.</summary>
internal static class LineageCommand
{
    public static Command Create(FleetCommand on)
    {
        var frame = new Option<string?>("--frame") { Description = "A frame's id." };
        var picture = new Option<string?>("--picture") { Description = "The SHA-256 of a picture's file." };
        var part = new Option<string?>("--part") { Description = "A part's number." };
        var model = new Option<string?>("--model") { Description = "A model's digest: what it came of, and the frames that it learned from." };
        var limit = new Option<int>("--limit") { Description = "How many frames of a model to list.", DefaultValueFactory = _ => 50 };
        return on.On(new Command("lineage", "What was trained on a frame, picture or part, or what a model was trained on.") { frame, picture, part, model, limit }, async (parsed, fleet, screen, ct) =>
        {
            (string Name, string? Value)[] asked = [("frame", parsed.GetValue(frame)), ("picture", parsed.GetValue(picture)), ("part", parsed.GetValue(part)), ("model", parsed.GetValue(model))];
            if (asked.Where(pair => pair.Value is not null).ToArray() is not [var (name, value)]) throw new CliException("Name one: --frame, --picture, --part or --model.", ExitCodes.Configuration);
            var text = Uri.EscapeDataString(value!);
            var json = parsed.GetValue(on.Json);
            if (name == "model")
            {
                var lineage = await fleet.Get<ModelLineage>($"models/{text}/lineage", ct);
                screen.One(lineage, [("model", $"{lineage.Model.Name} {lineage.Model.Version}"), .. lineage.Steps.Select(step => ("came of", (string?)Words(step)))]);
                if (!json) screen.Table((await fleet.Get<ModelFramePage>($"models/{text}/frames?limit={parsed.GetValue(limit)}", ct)).Frames, "No snapshot that it was trained on is here.",
                    ("frame", one => one.Entry.FrameId), ("class", one => one.Entry.Class ?? "-"), ("part", one => one.Entry.Part ?? "-"), ("snapshot", one => one.Dataset[..12]));
                return;
            }
            var found = await fleet.Get<FrameLineage>($"lineage?{name}={text}", ct);
            screen.One(found, [("frames", string.Join('\n', found.Frames.Select(one => $"{one.Id} ({one.Because}, {one.Use.ToString().ToLowerInvariant()})"))), .. Lines(found)]);
        });
    }

    private static IEnumerable<(string, string?)> Lines(FrameLineage found)
    {
        yield return ("snapshots", string.Join('\n', found.Snapshots.Select(one => $"{one.Digest[..12]} {one.Name}: {one.FrameId} as {one.Class ?? "-"}, {one.Split}")) is { Length: > 0 } snapshots ? snapshots : "none");
        yield return ("runs", string.Join('\n', found.Runs.Select(one => $"{one.Id}, {one.Status}{(one.Learned ? "" : ", measured itself on it only")}")) is { Length: > 0 } runs ? runs : "none");
        yield return ("models", string.Join('\n', found.Models.Select(one => $"{one.Model.Name} {one.Model.Version}{(one.Through is { } before ? $", through {before.Name} {before.Version}" : "")}{(one.Learned ? "" : ", measured itself on it only")}")) is { Length: > 0 } models ? models : "none");
    }

    private static string Words(LineageStep step) =>
        $"{(step.Model is { } model ? $"{model.Name} {model.Version}" : $"{step.Digest[..12]}, which is not registered here")}: run {step.Run ?? "unknown"}, snapshot {(step.Snapshot is { } view ? $"{view.Name} of {view.Frames} frames" : step.Dataset is { } digest ? $"{digest[..Math.Min(12, digest.Length)]}, which is not here" : "unknown")}";
}
