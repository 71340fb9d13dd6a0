using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops frames</c>: sampled frames, found by what is known of them, and their labels.</summary>
internal static class FrameCommands
{
    /// <summary>Name of each field a frame is found by, with what it takes.</summary>
    private static readonly (string Name, string Takes)[] Fields =
    [
        ("state", "unlabelled, labelled, skipped or review; without any option the frames that wait, the most valuable first."), ("use", "training or golden."), ("device", "Its device."), ("camera", "Its camera."), ("part", "The part it shows."),
        ("model", "Digest of the model that saw it."), ("prediction", "The class that the model named."), ("confidence", "How sure the model was: 0.4..0.6, 0.9.. or ..0.5."),
        ("rule", "The reason it was kept: audit, margin, novelty, disagreement, ..."), ("inclusion", "Probability with which it was kept: a range as above."),
        ("since", "Captured at that time or later: 2026-11-22T10:30:00Z, or 90m, 24h, 7d for so long ago."), ("until", "Captured before that time."),
        ("label", "A class that its label names."), ("verdict", "ok or ng."), ("by", "Who labelled it."), ("text", "A part of the label's words: classes, note, names."), ("order", "newest or value."),
    ];

    public static Command All(FleetCommand on)
    {
        var frames = new Command("frames", "Sampled frames and their labels.");
        frames.Add(List(on));
        var id = new Argument<string>("frame");
        frames.Add(on.On(new Command("show", "All that is known of a frame.") { id }, async (parsed, fleet, screen, ct) => Show(screen, await fleet.Get<FrameView>(Address(parsed.GetValue(id)!), ct))));
        frames.Add(Label(on));
        frames.Add(FrameAddCommand.Create(on));
        frames.Add(VideoImportCommand.Create(on));

        var file = new Option<FileInfo>("--out") { Description = "Where the JPEG goes.", Required = true };
        frames.Add(on.On(new Command("image", "Save a frame's picture.") { id, file }, async (parsed, fleet, _, ct) =>
        {
            await using var stream = parsed.GetValue(file)!.Create();
            await fleet.Download($"{Address(parsed.GetValue(id)!)}/image", stream, ct);
        }));
        frames.Add(SimilarFramesCommand.Create(on));
        foreach (var command in ErasureCommands.All(on)) frames.Add(command);
        return frames;
    }

    private static Command List(FleetCommand on)
    {
        var options = Fields.Select(field => new Option<string?>("--" + field.Name) { Description = field.Takes }).ToArray();
        var limit = new Option<int>("--limit") { Description = "At most so many.", DefaultValueFactory = _ => 50 };
        var after = new Option<string?>("--after") { Description = "The next page: what the one before named." };
        var list = new Command("list", "Frames that fit all options, newest first; without any, the label queue.") { limit, after };
        foreach (var option in options) list.Add(option);
        return on.Watched(list, ["frame"], async (parsed, fleet, screen, ct) =>
        {
            var asked = Fields.Zip(options, (field, option) => (field.Name, Value: parsed.GetValue(option))).Where(pair => pair.Value is not null).ToList();
            if (asked.Count == 0) asked.Add(("state", "unlabelled"));
            if (parsed.GetValue(after) is { } cursor) asked.Add(("after", cursor));
            var query = string.Join('&', asked.Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value!)}"));
            var page = await fleet.Get<FramePage>(string.Create(CultureInfo.InvariantCulture, $"frames?limit={parsed.GetValue(limit)}&{query}"), ct);
            screen.Page(page, page.Frames, asked is [("state", "unlabelled")] ? "No frame is waiting." : "No frame fits.",
                ("frame", frame => frame.Id), ("camera", frame => frame.Device is null ? frame.Camera?.Value ?? "-" : $"{frame.Device}/{frame.Camera}"), ("says", frame => frame.Prediction is { } said ? $"{said.Class ?? "nothing"} {Number(said.Confidence)}" : "-"), ("because", frame => string.Join(' ', frame.Reasons.Select(reason => reason.Rule))),
                ("label", frame => frame.State == LabelState.Unlabelled ? "-" : Words(frame)));
            if (page.Next is { } next) screen.Line($"More: --after {next}");
        });
    }

    private static Command Label(FleetCommand on)
    {
        var id = new Argument<string>("frame");
        var name = new Argument<string?>("class") { Description = "What it shows.", Arity = ArgumentArity.ZeroOrOne };
        var verdict = new Option<PartVerdict?>("--verdict") { Description = "ok or ng: whether the part is good." };
        var skip = new Option<bool>("--skip") { Description = "It can't be judged." };
        var note = new Option<string?>("--note") { Description = "What else there is to say; 'cvops frames list --text' finds it." };
        var review = new Option<bool>("--review") { Description = "As the reviewer, whose word decides." };
        return on.On(new Command("label", "Say what a frame shows.") { id, name, verdict, skip, note, review }, async (parsed, fleet, screen, ct) =>
            Show(screen, await fleet.Put<LabelRequest, FrameView>($"{Address(parsed.GetValue(id)!)}/label",
                new LabelRequest(parsed.GetValue(name), Environment.UserName, parsed.GetValue(skip), Verdict: parsed.GetValue(verdict), Note: parsed.GetValue(note), Via: "cli", Review: parsed.GetValue(review)), ct)));
    }

    private static void Show(Output.Screen screen, FrameView frame) => screen.One(frame,
        ("frame", frame.Id), ("camera", frame.Device is null ? frame.Camera?.Value : $"{frame.Device}/{frame.Camera}"), ("part", frame.Part), ("attributes", frame.Attributes is { Count: > 0 } attributes ? string.Join(' ', attributes.Select(pair => $"{pair.Key}={pair.Value}")) : null), ("captured", $"{frame.CapturedAt:u}"),
        ("model", frame.Model is { } model ? $"{model.Name} {model.Version}" : null), ("says", frame.Prediction is { } said ? $"{said.Class ?? "nothing"} {Number(said.Confidence)}" : null),
        ("the other model", frame.Shadow is { } shadow ? $"{shadow.Prediction.Class ?? "nothing"} {Number(shadow.Prediction.Confidence)}" : null),
        ("because", string.Join(' ', frame.Reasons.Select(reason => $"{reason.Rule}:{Number(reason.Score)}"))), ("kept with probability", frame.InclusionProbability is { } kept ? kept.ToString("G3", CultureInfo.InvariantCulture) : null),
        ("picture", $"{frame.Width}x{frame.Height}, {frame.ImageDigest}"), ("use", $"{frame.Use}"), ("state", $"{frame.State}"), ("label", frame.Label is null ? null : Words(frame)), ("by", frame.Label?.By), ("note", frame.Label?.Note));

    private static string Words(FrameView frame) => Words(frame.Label, frame.State);

    public static string Words(FrameLabel? given, LabelState state) => given is not { } label ? $"({state.ToString().ToLowerInvariant()})" : string.Join(' ', new[]
    {
        label.Class, label.Verdict?.ToString().ToUpperInvariant(), label.Boxes.Count > 0 ? $"{label.Boxes.Count} boxes" : null, label.Polygons is { Count: > 0 } polygons ? $"{polygons.Count} polygons" : null,
    }.Where(word => word is not null).DefaultIfEmpty("nothing to see"));

    private static string Number(double? value) => (value ?? 0).ToString("0.00", CultureInfo.InvariantCulture);

    private static string Address(string frame) => $"frames/{Uri.EscapeDataString(frame)}";
}
