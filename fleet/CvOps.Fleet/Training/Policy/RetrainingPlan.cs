using CvOps.Plans.Yaml;

namespace CvOps.Fleet.Training.Policy;

/// <summary>A policy's plan with the model it gets. Pure.</summary>
internal static class RetrainingPlan
{
    /// <param name="text">YAML without <c>model</c>; one that is there is a mistake, since the policy names it.</param>
    /// <param name="model">Digest of the new model.</param>
    public static PlanReading Read(string text, string model) => PlanReader.Yaml($"{text.TrimEnd()}\nmodel: {model}\n");
}
