using CvOps.Agent.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Agent.Enrolment;

internal static class EnrolmentServices
{
    /// <summary>Before the link: it reads the files that may have to be put right. A device without a certificate, with one in the same file as its key, or behind an IoT hub, renews nothing.</summary>
    public static IServiceCollection AddEnrolment(this IServiceCollection services, AgentOptions options)
    {
        if (options.Link is not { Iothub: null, Certificate: { } certificate, Key: { } key, Ca: not null } || certificate == key) return services;
        var identity = new DeviceIdentity(certificate, key);
        try
        {
            identity.Recover();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The loop finds what is wrong, and says it.
        }
        return services.AddSingleton(identity).AddHostedService<RenewalLoop>();
    }
}
