using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Frames.Search;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Frames.Annotators;

/// <summary>Who says what of frames, where they disagree, and how many a frame needs.</summary>
internal sealed class ReviewDesk(Database database, TimeProvider time)
{
    private const int MostAnnotators = 9;
    private const int MostOpinions = 200_000;

    public Task<FrameLabels?> LabelsAsync(string frame, CancellationToken cancel) => database.ReadMomentAsync(connection =>
        FrameTable.Find(connection, frame) is null ? null : new FrameLabels(frame, OpinionTable.Of(connection, frame), OpinionTable.History(connection, frame)), cancel);

    /// <exception cref="FormatException">The cursor is none of ours.</exception>
    public Task<LabelDisputePage> DisputesAsync(string? after, int limit, CancellationToken cancel)
    {
        long? before = after is null ? null : long.TryParse(after, out var row) ? row : throw new FormatException($"'{after}' is no cursor of a page of disputes: pass on what 'next' held, or leave 'after' out.");
        return database.ReadMomentAsync(connection =>
        {
            var policy = OpinionTable.Policy(connection);
            var rows = FrameSearch.Page(connection, new FrameFilter { State = LabelState.Review }, before, limit);
            var disputes = rows.Select(hit => FrameTable.Parse(hit.Body)).Select(frame =>
            {
                var opinions = OpinionTable.Of(connection, frame.Id);
                return new LabelDispute(frame, opinions, ConsensusRule.Decide(opinions, opinions.Length, policy.LeastIou, frame.CapturedAt).Why ?? "They agreed after all; the next opinion settles it.");
            }).ToArray();
            return new LabelDisputePage(disputes, FrameTally.States(connection).GetValueOrDefault(LabelState.Review), rows.Length == limit ? $"{rows[^1].Row}" : null);
        }, cancel);
    }

    public Task<LabelAgreement> AgreementAsync(DateTimeOffset? since, CancellationToken cancel) =>
        database.ReadAsync(connection => AgreementRule.Of(OpinionTable.Opinions(connection, since is { } from ? SqlTime.Of(from) : long.MinValue, MostOpinions)), cancel);

    public Task<LabelPolicy> PolicyAsync(CancellationToken cancel) => database.ReadAsync(OpinionTable.Policy, cancel);

    /// <returns>Why not, every mistake in a sentence; empty when the policy holds from now on.</returns>
    public async Task<IReadOnlyList<string>> SetPolicyAsync(LabelPolicyRequest request, CancellationToken cancel)
    {
        var (policy, mistakes) = (request.Policy, new List<string>());
        if (LabelRule.RefuseName(request.By) is { } nameless) mistakes.Add(nameless);
        if (policy is null) return [.. mistakes, "'policy' is missing: how many annotators a frame needs."];
        if (policy.Annotators is < 1 or > MostAnnotators) mistakes.Add($"'annotators' is {policy.Annotators}; 1 to {MostAnnotators}.");
        if (policy.GoldenAnnotators is < 1 or > MostAnnotators) mistakes.Add($"'goldenAnnotators' is {policy.GoldenAnnotators}; 1 to {MostAnnotators}.");
        if (policy.LeastIou is not (>= 0.1 and <= 0.95)) mistakes.Add($"'leastIou' is {policy.LeastIou}; 0.1 to 0.95.");
        if (mistakes.Count > 0) return mistakes;
        await database.WriteAsync(connection =>
        {
            OpinionTable.Set(connection, policy);
            return Audit.Add(connection, time.GetUtcNow(), request.By, "labels.policy", "labels", $"annotators {policy.Annotators}, golden {policy.GoldenAnnotators}, least IoU {policy.LeastIou}");
        }, cancel);
        return [];
    }
}
