using CvOps.Fleet.Alerts.Channels;
using CvOps.Fleet.Alerts.Sightings;

namespace CvOps.Fleet.Alerts;

internal static class AlertServices
{
    public static void AddAlerts(this IServiceCollection services)
    {
        services.AddSingleton<AlertStore>().AddSingleton<ChannelStore>().AddSingleton<NoticeStore>().AddSingleton<AlertDesk>().AddSingleton<ChannelDesk>();
        services.AddSingleton<ISightingSource, DeviceSightings>().AddSingleton<ISightingSource, DriftSightings>().AddSingleton<ISightingSource, RolloutSightings>().AddSingleton<ISightingSource, TrainingSightings>();
        services.AddSingleton<ISightingSource, CertificateSightings>().AddSingleton<ISightingSource, FleetSightings>().AddSingleton<ISightingSource, QualitySightings>();
        services.AddSingleton<INameResolver, SystemNames>().AddSingleton<WebhookChannel>().AddSingleton<EmailChannel>().AddSingleton<MqttChannel>().AddSingleton<ChannelSender>();
        services.AddSingleton<AlertSignal>().AddHostedService<AlertLoop>().AddHostedService<AlertDelivery>();
    }
}
