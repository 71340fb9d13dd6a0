namespace CvOps.Agent.Sampling;

/// <summary>Wants frames by lot alone: the only labels that say without bias how good the model is, weighed by one over their probability (Horvitz and Thompson 1952).</summary>
internal sealed class AuditRule(double probability, Random random)
{
    public const string Name = "audit";

    /// <summary>Probability with which any frame is wanted.</summary>
    public double Probability => probability;

    public bool Wants() => random.NextDouble() < probability;
}
