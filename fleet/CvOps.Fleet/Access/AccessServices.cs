using CvOps.Fleet.Devices;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Access;

internal static class AccessServices
{
    public static void AddAccess(this IServiceCollection services, FleetOptions options)
    {
        services.AddSingleton<Audit>().AddSingleton<CommandSigner>();
        services.AddSingleton<TokenStore>().AddSingleton<CertificateStore>().AddSingleton<FleetAuthority>().AddSingleton<EnrolmentDesk>().AddSingleton<RevocationDesk>();
        if (options.BrokerLog is not null) services.AddHostedService<BrokerLogLoop>();
        if (options.Authority is null) return;
        services.AddSingleton<IFleetObserver, RenewalDesk>().AddSingleton<IOverviewSource, EndingCertificates>();
        services.AddSingleton<DeviceEviction>().AddHostedService<RevocationLoop>();
    }
}
