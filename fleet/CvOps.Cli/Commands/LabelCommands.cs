using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops labels</c>: several annotators, where they disagree, and how many a frame needs.</summary>
internal static class LabelCommands
{
    public static Command All(FleetCommand on)
    {
        var labels = new Command("labels", "Who says what of frames, and where they disagree.");
        labels.Add(on.Watched(new Command("disputes", "Frames on which annotators disagree; 'cvops frames label FRAME ... --review' decides one."), ["frame"], async (_, fleet, screen, ct) =>
        {
            var page = await fleet.Get<LabelDisputePage>("labels/disputes?limit=50", ct);
            screen.Page(page, page.Disputes, "Nobody disagrees.", ("frame", dispute => dispute.Frame.Id), ("says", dispute => dispute.Frame.Prediction?.Class ?? "-"), ("why", dispute => dispute.Why));
        }));

        var since = new Option<string?>("--since") { Description = "First words since that time: 2026-11-22." };
        labels.Add(on.On(new Command("agreement", "How far annotators agree beyond chance: Krippendorff's alpha over all, Cohen's kappa of each two.") { since }, async (parsed, fleet, screen, ct) =>
        {
            var agreement = await fleet.Get<LabelAgreement>("labels/agreement" + (parsed.GetValue(since) is { } from ? $"?since={Uri.EscapeDataString(from)}" : ""), ct);
            screen.One(agreement, ("frames judged by several", $"{agreement.Frames}"), ("annotators", $"{agreement.Annotators}"), ("all said the same", $"{agreement.Same}"), ("Krippendorff's alpha", Number(agreement.Alpha)),
                ("pairs", agreement.Pairs.Count == 0 ? null : string.Join('\n', agreement.Pairs.Select(pair => $"{pair.A} and {pair.B}: {pair.Same} of {pair.Frames} the same, kappa {Number(pair.Kappa)}"))), ("note", agreement.Note));
        }));

        var annotators = new Option<int?>("--annotators") { Description = "How many people judge a frame before it has its label, 1 to 9." };
        var golden = new Option<int?>("--golden-annotators") { Description = "The same for frames that judge models." };
        var iou = new Option<double?>("--least-iou") { Description = "From this overlap on two people drew the same box or outline, 0.1 to 0.95." };
        labels.Add(on.On(new Command("policy", "Show how many annotators a frame needs, or change it.") { annotators, golden, iou }, async (parsed, fleet, screen, ct) =>
        {
            var policy = await fleet.Get<LabelPolicy>("labels/policy", ct);
            if (parsed.GetValue(annotators) is not null || parsed.GetValue(golden) is not null || parsed.GetValue(iou) is not null)
            {
                policy.Annotators = parsed.GetValue(annotators) ?? policy.Annotators;
                policy.GoldenAnnotators = parsed.GetValue(golden) ?? policy.GoldenAnnotators;
                policy.LeastIou = parsed.GetValue(iou) ?? policy.LeastIou;
                policy = await fleet.Put<LabelPolicyRequest, LabelPolicy>("labels/policy", new LabelPolicyRequest(policy, Environment.UserName), ct);
            }
            screen.One(policy, ("annotators", $"{policy.Annotators}"), ("of golden frames", $"{policy.GoldenAnnotators}"), ("least IoU", Number(policy.LeastIou)));
        }));

        var id = new Argument<string>("frame");
        labels.Add(on.On(new Command("history", "Every label that a frame was ever given, oldest first.") { id }, async (parsed, fleet, screen, ct) =>
        {
            var all = await fleet.Get<FrameLabels>($"frames/{Uri.EscapeDataString(parsed.GetValue(id)!)}/labels", ct);
            screen.Page(all, all.History, "Nobody has labelled it.", ("at", entry => $"{entry.At:u}"), ("by", entry => entry.By), ("what", entry => $"{entry.Kind}"), ("via", entry => entry.Via ?? "-"), ("state", entry => $"{entry.State}"),
                ("label", entry => FrameCommands.Words(entry.Label, entry.State)));
        }));
        return labels;
    }

    private static string Number(double? value) => value is { } number ? number.ToString("0.00", CultureInfo.InvariantCulture) : "-";
}
