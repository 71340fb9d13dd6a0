namespace CvOps.Agent.Enrolment;

/// <summary>When a certificate is renewed. Pure.</summary>
internal static class RenewalRule
{
    /// <summary>With a third of its life left: time for a plant that is shut down over a summer, and for a fleet that is being moved.</summary>
    public static DateTimeOffset At(DateTimeOffset notBefore, DateTimeOffset notAfter) => notAfter - ((notAfter - notBefore) / 3);
}
