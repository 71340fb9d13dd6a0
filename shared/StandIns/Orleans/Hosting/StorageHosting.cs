using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Reminders;
using Orleans.Storage;

namespace Orleans.Hosting;

public static class AdoNetGrainStorageSiloBuilderExtensions
{
    public static ISiloBuilder AddAdoNetGrainStorageAsDefault(this ISiloBuilder builder, Action<AdoNetGrainStorageOptions> configureOptions)
        => builder.AddAdoNetGrainStorage(StateStores.Default, configureOptions);

    /// <summary>State in SQLite. The file and its tables are made when the silo starts.</summary>
    public static ISiloBuilder AddAdoNetGrainStorage(this ISiloBuilder builder, string name, Action<AdoNetGrainStorageOptions> configureOptions)
        => builder.AddAdoNetGrainStorage(name, (OptionsBuilder<AdoNetGrainStorageOptions> options) => options.Configure(configureOptions));

    public static ISiloBuilder AddAdoNetGrainStorageAsDefault(this ISiloBuilder builder, Action<OptionsBuilder<AdoNetGrainStorageOptions>>? configureOptions = null)
        => builder.AddAdoNetGrainStorage(StateStores.Default, configureOptions);

    public static ISiloBuilder AddAdoNetGrainStorage(this ISiloBuilder builder, string name, Action<OptionsBuilder<AdoNetGrainStorageOptions>>? configureOptions = null)
        => builder.ConfigureServices(services =>
        {
            configureOptions?.Invoke(services.AddOptions<AdoNetGrainStorageOptions>(name));
            services.AddStateStore(name, provider =>
            {
                var options = provider.GetRequiredService<IOptionsMonitor<AdoNetGrainStorageOptions>>().Get(name);
                var database = provider.GetRequiredService<SqliteStores>().Open(options.Invariant, options.ConnectionString, $"grain storage \"{name}\"");
                return new StateStore(name, new SqliteStateTable(database, name, options.DeleteStateOnClear),
                    options.GrainStorageSerializer ?? provider.GetRequiredService<IGrainStorageSerializer>());
            });
        });
}

public static class MemoryGrainStorageSiloBuilderExtensions
{
    public static ISiloBuilder AddMemoryGrainStorageAsDefault(this ISiloBuilder builder, Action<MemoryGrainStorageOptions> configureOptions)
        => builder.AddMemoryGrainStorage(StateStores.Default, configureOptions);

    public static ISiloBuilder AddMemoryGrainStorage(this ISiloBuilder builder, string name, Action<MemoryGrainStorageOptions> configureOptions)
        => builder.AddMemoryGrainStorage(name, (OptionsBuilder<MemoryGrainStorageOptions> options) => options.Configure(configureOptions));

    public static ISiloBuilder AddMemoryGrainStorageAsDefault(this ISiloBuilder builder, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configureOptions = null)
        => builder.AddMemoryGrainStorage(StateStores.Default, configureOptions);

    /// <summary>State that ends with the process.</summary>
    public static ISiloBuilder AddMemoryGrainStorage(this ISiloBuilder builder, string name, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configureOptions = null)
        => builder.ConfigureServices(services =>
        {
            configureOptions?.Invoke(services.AddOptions<MemoryGrainStorageOptions>(name));
            services.AddStateStore(name, provider =>
            {
                var options = provider.GetRequiredService<IOptionsMonitor<MemoryGrainStorageOptions>>().Get(name);
                return new StateStore(name, new MemoryStateTable(),
                    options.GrainStorageSerializer ?? provider.GetRequiredService<IGrainStorageSerializer>());
            });
        });
}

public static class SiloBuilderReminderExtensions
{
    public static ISiloBuilder UseAdoNetReminderService(this ISiloBuilder builder, Action<AdoNetReminderTableOptions> configureOptions)
        => builder.UseAdoNetReminderService((OptionsBuilder<AdoNetReminderTableOptions> options) => options.Configure(configureOptions));

    /// <summary>Reminders in SQLite: they survive the process.</summary>
    public static ISiloBuilder UseAdoNetReminderService(this ISiloBuilder builder, Action<OptionsBuilder<AdoNetReminderTableOptions>> configureOptions)
        => builder.ConfigureServices(services =>
        {
            configureOptions(services.AddOptions<AdoNetReminderTableOptions>());
            services.AddSingleton<IReminderTable>(provider =>
            {
                var options = provider.GetRequiredService<IOptions<AdoNetReminderTableOptions>>().Value;
                return new SqliteReminderTable(provider.GetRequiredService<SqliteStores>().Open(options.Invariant, options.ConnectionString, "reminders"));
            });
            services.AddSingleton<ReminderService>();
        });
}

public static class SiloBuilderReminderMemoryExtensions
{
    /// <summary>Reminders that end with the process.</summary>
    public static ISiloBuilder UseInMemoryReminderService(this ISiloBuilder builder)
        => builder.ConfigureServices(services => services.AddSingleton<IReminderTable, MemoryReminderTable>().AddSingleton<ReminderService>());
}
