namespace CvOps.Agent.Update;

/// <summary>How the model before answered on a camera, held against one answer of the new model.</summary>
/// <param name="Frames">Frames it answered.</param>
/// <param name="Same">Of them, those with this answer; all, when it does not know the class.</param>
/// <param name="AsRare">Of them, those with an answer it gave no more often than this one, this one included.</param>
/// <param name="Left">How often this answer was followed by another one.</param>
internal readonly record struct AnswersBefore(long Frames, long Same, long AsRare, long Left);

/// <summary>
/// Tells a model that says the same whatever it sees from a line on which there is nothing else to say. A line's answers stay alike for long, so
/// frames are not counted but changes: a line that showed the old model good parts for ever proves nothing against a model that says so too.
/// </summary>
internal static class CollapseRule
{
    // A better model answers less nervously; only one that changes its answer less than a fifth as often is suspected.
    private const double Calmer = 5;

    /// <summary>
    /// Bound on the chance that a model gives one answer for so many frames on end, if its answers leave that one at least a fifth as often as the
    /// old model's did (a first-order Markov chain) and the line is as it was. The product of two:
    /// the chance that it begins with an answer as rare, a conformal p-value (Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World, 2.3);
    /// and that none of all changes falls into its run, Fisher's exact test on two rates of change given their sum (Przyborowski and Wilenski 1940).
    /// </summary>
    /// <param name="run">Frames on end with this answer, to be told from its start on.</param>
    /// <param name="first">Whether the run began with the new model's first frame. Later ones begin with a change, which says nothing of how rare the answer is.</param>
    public static double Chance(in AnswersBefore before, long run, bool first)
    {
        var begins = first ? (before.AsRare + 1.0) / (before.Frames + 1.0) : 1;
        var stays = before.Left == 0 ? 1 : Math.Pow(before.Same / (before.Same + run / Calmer), before.Left);
        return begins * stays;
    }
}
