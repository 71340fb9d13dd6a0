using System.Data.Common;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Frames.Annotators;

/// <summary>Writes a person's word: into the history as it was said, into the frame what follows from it.</summary>
internal static class Labelling
{
    /// <param name="request">One that was not refused.</param>
    /// <param name="everLabelled">The use of a frame is decided with its first label and stays: a golden frame was never trained on.</param>
    /// <returns>The frame as it is now.</returns>
    public static FrameView Apply(DbConnection connection, FrameView frame, LabelRequest request, bool everLabelled, double goldenShare, DateTimeOffset at)
    {
        var label = request.Skip ? null : LabelRule.LabelOf(request, at);
        var said = frame with
        {
            State = request.Skip ? LabelState.Skipped : LabelState.Labelled, Label = label, Use = everLabelled || request.Skip ? frame.Use : GoldenRule.Decide(frame, goldenShare),
        };
        var policy = OpinionTable.Policy(connection);
        var needed = said.Use == FrameUse.Golden ? policy.GoldenAnnotators : policy.Annotators;
        if (request.Review || needed == 1)
        {
            FrameTable.Label(connection, said, request.By, at, request.Review ? LabelKind.Review : LabelKind.Label, request.Via);
            return said;
        }

        FrameTable.AddHistory(connection, said, request.By, at, LabelKind.Opinion, request.Via);
        OpinionTable.Say(connection, frame.Id, new LabelOpinion(request.By, at, label));
        // A reviewer has spoken: opinions are kept and change nothing.
        if (OpinionTable.Reviewed(connection, frame.Id)) return frame;
        var opinions = OpinionTable.Of(connection, frame.Id);
        // A frame that got its label when one was enough keeps it until there are enough opinions on it.
        if (opinions.Length < needed && frame.State != LabelState.Unlabelled)
        {
            return frame;
        }
        var consensus = ConsensusRule.Decide(opinions, needed, policy.LeastIou, at);
        var decided = said with { State = consensus.State, Label = consensus.Label, Opinions = opinions.Length };
        if (consensus.State == LabelState.Unlabelled) FrameTable.Change(connection, decided);
        else FrameTable.Label(connection, decided, string.Join(", ", opinions.Select(opinion => opinion.By)), at, LabelKind.Consensus, null);
        return decided;
    }
}
