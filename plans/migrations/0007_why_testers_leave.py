from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plans", "0006_move_subscribers")]

    operations = [
        migrations.AddField(
            model_name="betatester",
            name="exit_reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="reason for leaving"),
        ),
    ]
