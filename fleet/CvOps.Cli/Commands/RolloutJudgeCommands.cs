using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary>Frames on which the two models of a rollout disagree: listed, and judged.</summary>
internal static class RolloutJudgeCommands
{
    public static IEnumerable<Command> All(FleetCommand on)
    {
        var id = new Argument<string>("id");
        var limit = new Option<int>("--limit") { Description = "At most so many.", DefaultValueFactory = _ => 20 };
        yield return on.Watched(new Command("discordant", "Frames on which old and new model disagree, in the order to judge them.") { id, limit }, ["rollout", "frame"], async (parsed, fleet, screen, ct) =>
        {
            var page = await fleet.Get<DiscordantPage>(string.Create(CultureInfo.InvariantCulture, $"rollouts/{Uri.EscapeDataString(parsed.GetValue(id)!)}/discordant?limit={parsed.GetValue(limit)}"), ct);
            screen.Page(page, page.Frames, "Nothing waits for a judgement.",
                ("frame", frame => frame.Id), ("camera", frame => $"{frame.Device}/{frame.Camera}"), ("new says", frame => frame.Challenger.Class ?? "nothing"), ("old says", frame => frame.Champion.Class ?? "nothing"), ("captured", frame => $"{frame.CapturedAt:u}"));
            if (page.Frames.Count > 0) screen.Line($"{page.Waiting} wait{(page.Needed is { } needed ? $", {needed} more judgements would decide" : "")}. 'cvops frames image FRAME --out x.jpg' shows one, 'cvops rollout judge ID FRAME new' says who was right.");
        });

        var rollout = new Argument<string>("id");
        var frame = new Argument<string>("frame");
        var right = new Argument<string>("right") { Description = "new, old, or neither." };
        right.AcceptOnlyFromAmong("new", "old", "neither");
        var name = new Option<string?>("--class") { Description = "What it shows, when neither was right." };
        yield return on.On(new Command("judge", "Say which model was right on a frame; it is labelled so.") { rollout, frame, right, name }, async (parsed, fleet, screen, ct) =>
        {
            var judgement = new Judgement(parsed.GetValue(right) switch { "new" => RightModel.Challenger, "old" => RightModel.Champion, _ => RightModel.Neither }, Environment.UserName, parsed.GetValue(name));
            var view = await fleet.Post<Judgement, FrameView>($"rollouts/{Uri.EscapeDataString(parsed.GetValue(rollout)!)}/discordant/{Uri.EscapeDataString(parsed.GetValue(frame)!)}", judgement, ct);
            screen.One(view, ("frame", view.Id), ("label", FrameCommands.Words(view.Label, view.State)));
        });
    }
}
