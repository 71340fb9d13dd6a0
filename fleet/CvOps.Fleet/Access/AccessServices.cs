using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Access.Oidc;
using CvOps.Fleet.Access.Rates;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Access.Sessions;
using CvOps.Fleet.Access.Tokens;
using CvOps.Fleet.Access.Trail;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Access;

internal static class AccessServices
{
    public static void AddAccess(this IServiceCollection services, FleetOptions options)
    {
        services.AddSingleton<Audit>().AddSingleton<AuditPack>().AddSingleton<CommandSigner>();
        services.AddSingleton<LocalToken>().AddSingleton<ApiTokens>().AddSingleton<Authenticator>().AddSingleton<SiteOf>().AddSingleton<SiteViews>();
        services.AddSingleton<Passwords>().AddSingleton<AccountDesk>().AddSingleton<FactorDesk>().AddSingleton<SessionDesk>().AddSingleton<OwnPassword>().AddSingleton<FirstStart>();
        services.AddSingleton<OpenStreams>().AddHostedService(provider => provider.GetRequiredService<OpenStreams>());
        services.AddLimits(options);
        if (options.Oidc is not null) services.AddSingleton<OidcProvider>().AddSingleton<OidcDesk>();
        services.AddSingleton<TokenStore>().AddSingleton<CertificateStore>().AddSingleton<FleetAuthority>().AddSingleton<EnrolmentDesk>().AddSingleton<RevocationDesk>();
        if (options.BrokerLog is not null) services.AddHostedService<BrokerLogLoop>();
        if (options.Authority is null) return;
        services.AddSingleton<IFleetObserver, RenewalDesk>().AddSingleton<IOverviewSource, EndingCertificates>();
        services.AddSingleton<DeviceEviction>().AddHostedService<RevocationLoop>();
    }
}
